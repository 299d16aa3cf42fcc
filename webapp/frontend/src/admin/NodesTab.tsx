import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Section } from "../account/settings/Section";
import { only } from "../account/types";
import { get } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { useFormat, useTexts } from "../i18n";
import { Badge, ErrorNote, Skeleton, Time, Uptime } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./nodes.texts";
import { sizeText } from "./sizes";

type Node = Schemas["Node"];
type Storage = Schemas["Storage"];

const REFRESH_MS = 10_000;
/** As the metrics have it: above it media and chat are late. */
const LAG_S = 0.05;
/** Of a disk. */
const FULL = 0.1;

/** How each process does, and what the data of the site takes up. */
export default function NodesTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { data, error, refetch } = useQuery({
    queryKey: ["admin", "nodes"],
    queryFn: async ({ signal }) => only(await get<Data<Schemas["Nodes"]>>("/admin/nodes", undefined, signal)),
    refetchInterval: REFRESH_MS,
  });
  const versions = [...new Set(data?.nodes.filter((node) => node.is_alive).map((node) => node.version))];
  return (
    <>
      <ErrorNote error={error} retry={refetch} />
      {data === undefined && error === null && <Skeleton height="240px" />}
      {data !== undefined && (
        <>
          {versions.length > 1 && <p className={styles.note}>{texts.mixed(format.list(versions))}</p>}
          <Section title={texts.nodes} text={texts.health}>
            {data.nodes.length === 0 ? (
              <p className={styles.quiet}>{texts.none}</p>
            ) : (
              <ul className={styles.rows}>
                {data.nodes.map((node) => (
                  <Process key={node.id} node={node} />
                ))}
              </ul>
            )}
          </Section>
          <Database database={data.database} />
        </>
      )}
    </>
  );
}

function Process({ node }: { node: Node }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const isWell = node.is_alive && node.problems.length === 0;
  const size = (bytes: number): string => sizeText(bytes, (value, options) => format.number(value, options));
  return (
    <li className={styles.row} data-testid="node">
      <div className={styles.text}>
        <span className={styles.name}>
          <bdi>{node.node}</bdi>
          {node.roles.map((role) => (
            <Badge key={role}>{texts.roles[role] ?? role}</Badge>
          ))}
        </span>
        <span className={isWell ? styles.good : styles.bad}>{!node.is_alive ? texts.gone : isWell ? texts.well : texts.ailing}</span>
        {[...node.problems, ...node.remarks].length > 0 && (
          <ul className={styles.issues}>
            {[...node.problems, ...node.remarks].map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
        <span className={styles.meta}>
          <span>{texts.version(node.version)}</span>
          <span>
            {texts.since} <Uptime since={node.started_at} />
          </span>
          <span>
            {texts.seen} <Time value={node.seen_at} />
          </span>
          {node.roles.includes("media") && <span>{texts.live(node.live)}</span>}
          {node.memory_bytes > 0 && <span>{texts.memory(size(node.memory_bytes))}</span>}
          <span className={node.loop_lag_s > LAG_S ? styles.bad : undefined}>
            {texts.lag(format.number(Math.round(node.loop_lag_s * 1000)))}
            {node.loop_lag_s > LAG_S && ` (${texts.lagBad})`}
          </span>
          {node.disk_bytes > 0 && (
            <span className={node.disk_free_bytes < node.disk_bytes * FULL ? styles.bad : undefined}>{texts.disk(size(node.disk_free_bytes), size(node.disk_bytes))}</span>
          )}
        </span>
        {node.addresses.map((address) => (
          <span key={address} className={styles.meta}>
            <bdi>{address}</bdi>
          </span>
        ))}
      </div>
    </li>
  );
}

function Database({ database }: { database: Storage }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const size = (bytes: number): string => sizeText(bytes, (value, options) => format.number(value, options));
  return (
    <Section title={texts.database} text={`${texts.postgres(database.version)}, ${texts.size(size(database.bytes))}`}>
      <table className={styles.table}>
        <caption>{texts.tables}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.table}</th>
            <th scope="col">{texts.bytes}</th>
            <th scope="col">{texts.rows}</th>
          </tr>
        </thead>
        <tbody>
          {database.tables.map((table) => (
            <tr key={table.name}>
              <th scope="row">{table.name}</th>
              <td>{size(table.bytes)}</td>
              <td>{format.count(table.rows)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
