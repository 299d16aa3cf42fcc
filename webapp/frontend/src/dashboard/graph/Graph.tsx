/** Lines over time: drawn once, read at the pointer, and told in words and as a table to whoever sees no lines. */

import { memo, useId, useMemo, useState, type PointerEvent, type ReactNode } from "react";

import { useFormat, useTexts } from "../../i18n";
import styles from "./Graph.module.css";
import { means, moments, nearest, paths, roundTop, spanOf, summarize, thinned, type Point, type Span } from "./path";
import { TEXTS } from "./texts";

const PAPER = { width: 600, height: 100 };
const MOST_MOMENTS = 5;
const TABLE_ROWS = 12;

export interface Series {
  readonly name: string;
  readonly label: string;
  /** Oldest first. */
  readonly points: readonly Point[];
  /** A value as people read it, with its unit. */
  readonly tell: (value: number) => string;
  /** The value one should have: a dashed line. */
  readonly guide?: { readonly value: number; readonly label: string };
}

export interface GraphsProps {
  readonly series: readonly Series[];
  /** Nothing more comes: what stands above each is the mean, not the newest value. */
  readonly isOver?: boolean;
}

/** Several graphs over one stretch of time; what the pointer is at in one is shown in all. */
export function Graphs({ series, isOver = false }: GraphsProps): ReactNode {
  const [at, setAt] = useState<number | null>(null);
  const whole = spanOf(series.map(({ points }) => points));
  return (
    <div className={styles.graphs}>
      {series.map((one) => (
        <Graph key={one.name} series={one} span={whole} isOver={isOver} at={at} onAt={setAt} />
      ))}
    </div>
  );
}

interface GraphProps {
  readonly series: Series;
  readonly span: Span | null;
  readonly isOver: boolean;
  /** The moment that is pointed at. */
  readonly at: number | null;
  readonly onAt: (at: number | null) => void;
}

function Graph({ series, span, isOver, at, onAt }: GraphProps): ReactNode {
  const texts = useTexts(TEXTS);
  const id = useId();
  const { name, label, points, tell } = series;
  const summary = useMemo(() => summarize(points), [points]);
  const shown = at === null ? (points.at(-1) ?? null) : nearest(points, at);
  const value = isOver && at === null ? (summary?.mean ?? null) : (shown?.[1] ?? null);
  return (
    <figure className={styles.graph} data-testid={`graph-${name}`} aria-labelledby={id}>
      <figcaption className={styles.caption}>
        <span id={id} className={styles.label}>
          {label}
        </span>
        <output className={styles.value}>
          {isOver && at === null && value !== null && <span className={styles.moment}>{texts.average} </span>}
          {value === null ? "–" : tell(value)}
          {at !== null && shown !== null && <Moment at={shown[0]} />}
        </output>
      </figcaption>
      {summary === null || span === null ? (
        <p className={styles.none}>{texts.none}</p>
      ) : (
        <>
          <p className="visually-hidden">
            {texts.summary(label, tell(summary.lowest), tell(summary.highest), tell(summary.mean))}
            {!isOver && summary.last !== null && ` ${texts.now(tell(summary.last))}.`}
          </p>
          <Plot series={series} span={span} highest={summary.highest} shown={at === null ? null : shown} onAt={onAt} />
          <Table series={series} span={span} />
        </>
      )}
    </figure>
  );
}

function Moment({ at }: { at: number }): ReactNode {
  return <span className={styles.moment}>{useFormat().time(at * 1000)}</span>;
}

interface PlotProps {
  readonly series: Series;
  readonly span: Span;
  readonly highest: number;
  readonly shown: Point | null;
  readonly onAt: (at: number | null) => void;
}

function Plot({ series, span, highest, shown, onAt }: PlotProps): ReactNode {
  const { points, tell, guide } = series;
  const top = roundTop(Math.max(highest, guide?.value ?? 0));
  const point = (event: PointerEvent<HTMLElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    if (box.width > 0) onAt(span.from + ((event.clientX - box.left) / box.width) * (span.to - span.from));
  };
  return (
    <div aria-hidden="true">
      <div
        className={styles.plot}
        onPointerMove={point}
        onPointerLeave={() => {
          onAt(null);
        }}
      >
        <Lines points={points} from={span.from} to={span.to} top={top} guide={guide?.value ?? null} />
        <span className={styles.top}>{tell(top)}</span>
        {guide !== undefined && (
          <span className={styles.guide} style={{ bottom: `${(guide.value / top) * 100}%` }}>
            {guide.label}
          </span>
        )}
        {shown !== null && <span className={styles.cursor} style={{ left: `${share(shown[0], span) * 100}%` }} />}
      </div>
      <Axis span={span} />
    </div>
  );
}

function share(at: number, span: Span): number {
  return (at - span.from) / (span.to - span.from);
}

interface LinesProps extends Span {
  readonly points: readonly Point[];
  readonly top: number;
  readonly guide: number | null;
}

/** The drawing itself: anew only for other points, not for each move of the pointer. */
const Lines = memo(function Lines({ points, from, to, top, guide }: LinesProps): ReactNode {
  const { line, area } = useMemo(() => {
    const span = { from, to };
    return paths(thinned(points, span, PAPER.width), span, top, PAPER);
  }, [points, from, to, top]);
  return (
    <svg className={styles.lines} viewBox={`0 0 ${PAPER.width} ${PAPER.height}`} preserveAspectRatio="none" focusable="false">
      <path className={styles.area} d={area} />
      {guide !== null && <path className={styles.guideLine} d={`M0 ${PAPER.height * (1 - guide / top)}H${PAPER.width}`} />}
      <path className={styles.line} d={line} />
    </svg>
  );
});

function Axis({ span }: { span: Span }): ReactNode {
  const format = useFormat();
  const zoneS = -60 * new Date(span.to * 1000).getTimezoneOffset();
  return (
    <div className={styles.axis}>
      {moments(span, MOST_MOMENTS, zoneS).map((at) => (
        <span key={at} style={{ left: `${Math.min(92, Math.max(8, share(at, span) * 100))}%` }}>
          {format.time(at * 1000)}
        </span>
      ))}
    </div>
  );
}

function Table({ series, span }: { series: Series; span: Span }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const [open, setOpen] = useState(false);
  return (
    <details
      className={styles.table}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary aria-label={`${series.label}: ${texts.table}`}>{texts.table}</summary>
      {open && (
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.time}</th>
              <th scope="col">{texts.average}</th>
            </tr>
          </thead>
          <tbody>
            {means(series.points, span, TABLE_ROWS).map(([at, value]) => (
              <tr key={at}>
                <th scope="row">{format.time(at * 1000)}</th>
                <td>{value === null ? texts.noneThen : series.tell(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
