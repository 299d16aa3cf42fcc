/**
 * The latency controller, in one file because all its rules read and forget the same few leads. It decides how fast to
 * play and when to jump, so that playback stays as close to the live edge
 * as the network allows and no closer. Pure: it knows neither hls.js nor the DOM, and time is an argument.
 *
 * What it holds is the *margin*: the forward buffer at its lowest, just before the next part arrives. It does not look
 * at the buffer itself, which rises and falls with every part, but at the lead = end of the buffer - clock at the end
 * of every part's wait (a trough). Leads do not depend on what the player does, so the lowest lead of the last seconds
 * tells the margin at the present position at once, also right after a seek or a change of rate.
 */

/** Seconds of media time; `start <= end`. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

/** The media element at one moment. All positions are seconds of media time. */
export interface PlaybackState {
  readonly position: number;
  /** Ascending and disjoint, as `HTMLMediaElement.buffered` gives them. */
  readonly buffered: readonly TimeRange[];
  readonly paused: boolean;
  readonly seeking: boolean;
  /** The page is in the background: timers are throttled, so nothing that needs a correction soon may be set. */
  readonly hidden: boolean;
  /** The encoder is away: what comes late, or not at all, says nothing about the network. */
  readonly away: boolean;
  /** Where media goes on behind the newest gap of the playlist; null without one, or while nothing follows it. */
  readonly resumesAt: number | null;
  /** Where a player that starts now would start, buffered or not; null while unknown. */
  readonly liveSync: number | null;
}

/** What the media element is to do now. */
export interface Action {
  readonly rate: number;
  /** Position to seek to now; null for none. */
  readonly seekTo: number | null;
}

/** Seconds unless named otherwise. */
export interface LatencyOptions {
  /** Margin to hold on a quiet network. Measured: 0.15 stalls with three players on one machine, 0.2 does not. */
  readonly baseMargin: number;
  /** The margin never grows beyond this, whatever the network does. */
  readonly maxMargin: number;
  /** How far back the lowest lead is looked for. */
  readonly window: number;
  readonly minRate: number;
  readonly maxRate: number;
  /** After `playing` and this long, one seek removes what the start-up left over. */
  readonly settle: number;
  /** An excess of margin above this is removed by a seek, a smaller one by the playback rate. */
  readonly seekExcess: number;
}

export const DEFAULT_OPTIONS: LatencyOptions = {
  baseMargin: 0.2,
  maxMargin: 1.5,
  window: 2.5,
  minRate: 0.94,
  maxRate: 1.1,
  settle: 1.5,
  seekExcess: 0.6,
};

/** For people to look at and for measurements; seconds. */
export interface LatencyView {
  /** Margin that is aimed at now (B). */
  readonly target: number;
  /** Lowest forward buffer that the recent past predicts for the present position; null before there is evidence. */
  readonly margin: number | null;
  readonly jitter: number;
  readonly rate: number;
  readonly following: boolean;
  readonly seeks: number;
  readonly stalls: number;
}

interface Trough {
  readonly at: number;
  readonly lead: number;
}

const RATE_GAIN_FAST = 0.4; // an excess halves in 1.7 s
const RATE_GAIN_SLOW = 0.6; // too little buffer is worse than too much
const DEAD_BAND = 0.02;
const SETTLE_EXCESS = 0.1; // below this a seek would cost more than the rate does
const SETTLE_WINDOW = 0.8; // before that the loader was still catching up with the playlist
const EVIDENCE = 1; // a window shorter than this proves nothing
const SEEK_PAUSE = 3;
const LIVE_SEEK_PAUSE = 20; // an unbuffered seek stalls; on a link that is too slow it must not become a loop
const FAR_BEHIND = 3;
const REJOIN = 5;
const EXCUSE = 10;
const NOTHING_LEFT = 0.15; // players stop a little before the end of the buffer
const GAP_SEEK_PAUSE = 3;
const LONG_PAUSE = 5; // who pauses longer than this wants to go on where they were
const HOLE_WAIT = 0.4; // hls.js and the browser jump small holes by themselves
const JOIN = 0.1; // ranges closer than this play as one (hls.js `maxBufferHole`)
const SURPRISE_FACTOR = 1.5;
const JITTER_HALF_LIFE = 30;
const BLIND = 1; // no look for this long (sleep, throttled timers): when things arrived is not known
const OUTAGE = 1; // a part this late is an outage, and no margin worth having would have covered it
const STALL_STEP = 0.1;
const STALL_HALF_LIFE = 60;
const MAX_STALL_EXTRA = 0.6;
const LEFT_LIVE = 1; // seeking back further than this means that the viewer wants to see something again
const AT_LIVE = 5; // seeking to within this of the end means live again

/** One controller a player. Not to be reused for another media element. */
export class LatencyController {
  readonly #options: LatencyOptions;
  #troughs: Trough[] = [];
  #evidenceFrom: number | null = null;
  #lastNow: number | null = null;
  #running = false;
  #lastEnd: number | null = null;
  #lastPosition = 0;
  #settleAt: number | null = null;
  #lastSeekAt = -Infinity;
  #lastLiveSeekAt = -Infinity;
  #lastGapSeekAt = -Infinity;
  #pausedSince: number | null = null;
  #inHoleSince: number | null = null;
  #following = true;
  #jitter = 0;
  #stallExtra = 0;
  #margin: number | null = null;
  #rate = 1;
  #seeks = 0;
  #stalls = 0;
  #lastStall: { readonly at: number; readonly extraBefore: number } | null = null;
  #lastAwayAt = -Infinity;

  constructor(options: Partial<LatencyOptions> = {}) {
    this.#options = { ...DEFAULT_OPTIONS, ...options };
  }

  get view(): LatencyView {
    return {
      target: this.#target(),
      margin: this.#margin,
      jitter: this.#jitter,
      rate: this.#rate,
      following: this.#following,
      seeks: this.#seeks,
      stalls: this.#stalls,
    };
  }

  /** Playback started, for the first time or after a reload of the source. */
  started(now: number): void {
    this.#running = true;
    this.#forget();
    this.#settleAt = now + this.#options.settle;
  }

  /** Playback ran dry although the stream went on. It is taken back when the encoder turns out to be away. */
  stalled(now: number): void {
    this.#lastStall = { at: now, extraBefore: this.#stallExtra };
    this.#stalls += 1;
    this.#stallExtra = Math.min(MAX_STALL_EXTRA, this.#stallExtra + STALL_STEP);
  }

  /** A seek that this controller did not ask for, e.g. by the viewer; `position` is where it went. */
  sought(position: number, state: PlaybackState): void {
    const end = lastEnd(state.buffered);
    const live = Math.max(state.liveSync ?? -Infinity, end ?? -Infinity);
    if (position < this.#lastPosition - LEFT_LIVE) {
      this.#following = live - position < AT_LIVE;
    } else if (live - position < AT_LIVE) {
      this.#following = true;
    }
    this.#lastPosition = position;
  }

  /** Hold the live edge (again). */
  followLive(): void {
    this.#following = true;
    this.#pausedSince = null;
    this.#lastSeekAt = -Infinity;
    this.#lastLiveSeekAt = -Infinity;
  }

  /** Look at the media element and decide. Call every 0.1 s or so, and whenever something was appended. */
  sample(now: number, state: PlaybackState): Action {
    const elapsed = now - (this.#lastNow ?? now);
    this.#decay(elapsed);
    if (elapsed > BLIND) {
      this.#forget();
    }
    this.#lastNow = now;
    if (!state.seeking) {
      this.#lastPosition = state.position; // a seek moves it at once, and `sought` has to know from where
    }
    if (state.away) {
      this.#excuse(now);
    }
    this.#notePause(now, state.paused);
    const range = rangeAt(state.buffered, state.position);
    const appended = this.#observe(now, state.position, range);
    this.#margin = this.#predict(now, state.position, this.#settleAt === null ? this.#options.window : SETTLE_WINDOW);
    const still = !this.#running || state.paused || state.seeking || !this.#following;
    const seekTo = still ? null : this.#seek(now, state, range, appended);
    if (seekTo !== null) {
      this.#seeks += 1;
      this.#lastSeekAt = now;
      this.#lastPosition = seekTo;
    }
    this.#rate = seekTo === null ? this.#decideRate(state) : 1;
    return { rate: this.#rate, seekTo };
  }

  /** A viewer who pauses for long goes on where they were, until they ask for live; a short pause is caught up. */
  #notePause(now: number, paused: boolean): void {
    this.#pausedSince = paused && this.#running ? (this.#pausedSince ?? now) : null;
    if (this.#pausedSince !== null && now - this.#pausedSince > LONG_PAUSE) {
      this.#following = false;
    }
  }

  /** Note how far the buffer reaches; true if it just grew. */
  #observe(now: number, position: number, range: TimeRange | null): boolean {
    const before = this.#lastEnd;
    this.#lastEnd = range?.end ?? before;
    if (range === null || before === null) {
      this.#evidenceFrom ??= range === null ? null : now;
      return false;
    }
    if (range.end < before - JOIN || range.start > before + JOIN || position > before + JOIN) {
      this.#forget(); // flushed, or playing in another range: the old leads say nothing about this one
      this.#lastEnd = range.end;
      this.#evidenceFrom = now;
      return false;
    }
    if (range.end <= before + 0.001) {
      return false;
    }
    this.#noteTrough({ at: now, lead: before - now });
    return true;
  }

  #noteTrough(trough: Trough): void {
    const oldest = trough.at - this.#options.window;
    const recent = this.#troughs.filter(({ at }) => at >= oldest);
    const known = recent.length > 0 ? recent : this.#troughs.slice(-1); // older than the window: the wait was long
    if (this.#hasEvidence(trough.at) && known.length > 0) {
      const surprise = Math.min(...known.map(({ lead }) => lead)) - trough.lead;
      if (surprise > OUTAGE) {
        this.#troughs = []; // what comes now comes in a heap: look anew, and go back to the edge as after a start
        this.#evidenceFrom = trough.at;
        this.#settleAt = trough.at + EVIDENCE;
        return;
      }
      if (surprise > this.#jitter) {
        this.#jitter = surprise;
      }
    }
    recent.push(trough);
    this.#troughs = recent;
  }

  /** Lowest forward buffer to expect at this position: the window's lowest trough, or the present wait if it is worse. */
  #predict(now: number, position: number, window: number): number | null {
    if (this.#lastEnd === null || !this.#hasEvidence(now)) {
      return null;
    }
    const oldest = now - window;
    let lead = this.#lastEnd - now;
    for (const trough of this.#troughs) {
      if (trough.at >= oldest && trough.lead < lead) {
        lead = trough.lead;
      }
    }
    return lead + now - position;
  }

  #seek(now: number, state: PlaybackState, range: TimeRange | null, appended: boolean): number | null {
    const over = this.#jumpGap(now, state, range) ?? this.#jumpHole(now, state, range);
    if (over !== null) {
      return over;
    }
    const reached = range?.end ?? state.position;
    const farBehind = state.liveSync !== null && state.liveSync - reached > FAR_BEHIND;
    const rejoining = now - this.#lastAwayAt < REJOIN; // the loader finds the end of the gap by itself
    if (farBehind && !rejoining && now - this.#lastLiveSeekAt >= LIVE_SEEK_PAUSE) {
      this.#lastLiveSeekAt = now;
      this.#settleAt = now + this.#options.settle;
      return state.liveSync;
    }
    // Only right after something was appended: then the target has the most buffer ahead of it.
    if (this.#margin === null || range === null || !appended || state.hidden) {
      return null;
    }
    const settling = this.#settleAt !== null;
    if (this.#settleAt !== null && now < this.#settleAt) {
      return null;
    }
    if (settling) {
      this.#settleAt = null;
      this.#troughs = this.#troughs.filter(({ at }) => at >= now - SETTLE_WINDOW);
    }
    const excess = this.#margin - this.#target();
    const target = state.position + excess;
    const worthIt = settling ? excess > SETTLE_EXCESS : excess > this.#options.seekExcess;
    const rested = settling || now - this.#lastSeekAt >= SEEK_PAUSE;
    return worthIt && rested && target < range.end ? target : null;
  }

  /**
   * Over a gap that the encoder left, once it is back and all before the gap was played. hls.js steps over one by itself,
   * but waits for the segment behind it to be complete; after a seek it loads that one's parts.
   */
  #jumpGap(now: number, state: PlaybackState, range: TimeRange | null): number | null {
    const { position, resumesAt, liveSync } = state;
    if (resumesAt === null || position >= resumesAt || now - this.#lastGapSeekAt < GAP_SEEK_PAUSE) {
      return null;
    }
    if (range !== null && range.end - position > NOTHING_LEFT) {
      return null;
    }
    this.#lastGapSeekAt = now;
    this.#settleAt = now + this.#options.settle;
    return Math.max(resumesAt, liveSync ?? resumesAt) + 0.01;
  }

  /** Out of a hole (missing parts, an encoder outage) into the latest range, if nothing else did it meanwhile. */
  #jumpHole(now: number, state: PlaybackState, range: TimeRange | null): number | null {
    const last = state.buffered.at(-1);
    const nothingLeft = range === null || range.end - state.position < 0.05;
    if (!nothingLeft || last === undefined || last.start <= state.position) {
      this.#inHoleSince = null;
      return null;
    }
    this.#inHoleSince ??= now;
    if (now - this.#inHoleSince < HOLE_WAIT) {
      return null;
    }
    this.#inHoleSince = null;
    return last.start + 0.01;
  }

  #decideRate(state: PlaybackState): number {
    const still = !this.#running || state.paused || state.seeking || !this.#following;
    if (still || state.hidden || this.#margin === null || this.#settleAt !== null) {
      return 1; // a throttled timer could leave any other rate standing until the buffer is empty
    }
    const excess = this.#margin - this.#target();
    if (Math.abs(excess) < DEAD_BAND) {
      return 1;
    }
    const wanted = 1 + excess * (excess > 0 ? RATE_GAIN_FAST : RATE_GAIN_SLOW);
    const { minRate, maxRate } = this.#options;
    return Math.round(Math.min(maxRate, Math.max(minRate, wanted)) * 100) / 100;
  }

  #target(): number {
    const { baseMargin, maxMargin } = this.#options;
    return Math.min(maxMargin, Math.max(baseMargin, this.#jitter * SURPRISE_FACTOR) + this.#stallExtra);
  }

  #decay(elapsed: number): void {
    this.#jitter *= 0.5 ** (elapsed / JITTER_HALF_LIFE);
    this.#stallExtra *= 0.5 ** (elapsed / STALL_HALF_LIFE);
  }

  #excuse(now: number): void {
    this.#forget();
    this.#lastAwayAt = now;
    if (this.#lastStall !== null && now - this.#lastStall.at < EXCUSE) {
      this.#stallExtra = Math.min(this.#stallExtra, this.#lastStall.extraBefore);
      this.#stalls -= 1;
    }
    this.#lastStall = null;
  }

  #hasEvidence(now: number): boolean {
    return this.#evidenceFrom !== null && now - this.#evidenceFrom >= EVIDENCE;
  }

  #forget(): void {
    this.#troughs = [];
    this.#lastEnd = null;
    this.#evidenceFrom = null;
    this.#margin = null;
  }
}

function lastEnd(buffered: readonly TimeRange[]): number | null {
  return buffered.at(-1)?.end ?? null;
}

/** The stretch that plays without a break from `position`; null in a hole. */
export function rangeAt(buffered: readonly TimeRange[], position: number): TimeRange | null {
  let found: TimeRange | null = null;
  for (const range of buffered) {
    if (found !== null && range.start - found.end <= JOIN) {
      found = { start: found.start, end: range.end };
    } else if (found === null && position >= range.start - JOIN && position <= range.end + JOIN) {
      found = range;
    }
  }
  return found;
}
