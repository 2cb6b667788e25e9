import { count, share, visible, wrap, type Progress } from '../base/index.js';
import { onTerminal, transient } from './terminal.js';

/** A task of several stages, and how far it is. */
interface Plan {
  unit: string;
  total: number;
  stage: string;
  /** Units done in earlier stages, at the beginning of this one, and in this one by now. */
  before: number;
  from: number;
  last: number;
  begun: number;
  said: boolean;
}

/** Fewest images of a plan that is announced. */
const manyImages = 2000;
/** Seconds after which the rate is known. */
const secondsToJudge = 3;
/** Fewest seconds left that are worth an estimate. */
const worthSaying = 30;

/** Columns of a line that is no line of a terminal, as in the log of a job. */
const usualColumns = 80;
/** Characters of a stage that are left of it where there is room at all. */
const leastOfStage = 24;

/** Shows the progress of long tasks: one line that is rewritten on a terminal, a plain line now and then otherwise. */
export class ProgressLine {
  private stage = '';
  private begun = 0;
  private first = 0;
  private shown = 0;
  private width = 0;
  private plan: Plan | null = null;
  /** Notes that were shown, so that slices of one data set do not repeat them. */
  private readonly noted = new Set<string>();

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly quiet: boolean,
  ) {
    transient.clear = () => this.clear();
  }

  readonly update = ({ stage, done, total, unit, secondsLeft, note, planned }: Progress): void => {
    if (this.quiet) return;
    if (planned !== undefined) {
      this.plan = { unit, total: planned, stage: '', before: 0, from: 0, last: 0, begun: 0, said: false };
      // A task of seconds needs no announcement.
      if (note !== undefined && planned >= manyImages) this.heading(note);
      return;
    }
    const noting = `${stage.replace(/\[[^\]]*\]/g, '')} ${note}`;
    if (note !== undefined && !this.noted.has(noting)) this.heading(note);
    this.noted.add(noting);
    const now = Date.now();
    this.estimate(stage, unit, done, now);
    if (stage !== this.stage) {
      this.clear();
      // Without a terminal, the first line of a stage comes late, so that short stages have one line.
      Object.assign(this, { stage, begun: now, first: done, shown: this.stream.isTTY ? 0 : now });
    }
    const finished = done >= total;
    if (!finished && now - this.shown < (this.stream.isTTY ? 100 : 10_000)) return;
    if (finished && done === this.first) return;
    this.shown = now;
    const seconds = (now - this.begun) / 1000;
    const rate = seconds > 0 ? (done - this.first) / seconds : 0;
    const part = share(done / Math.max(1, total), 0);
    const left = finished ? ` in ${duration(seconds)}` : timeLeft((total - done) / rate, secondsLeft);
    const speed = rate > 0 ? `, ${threeDigits(rate)} ${unit}/s` : '';
    const figures = (rates: string): string => `: ${count(done)} of ${count(total)} ${unit} (${part}${rates}${left})`;
    const both = [figures(speed), figures('')];
    if (!this.stream.isTTY) this.stream.write(onTerminal(broken(visible(stage), both)));
    else {
      const line = fitted(visible(stage), both, Math.max(20, (this.stream.columns ?? 100) - 1));
      const { length } = [...line];
      this.stream.write(`\r${line}${' '.repeat(Math.max(0, this.width - length))}`);
      this.width = length;
      if (finished) this.clear();
    }
  };

  /** Announces once how long the whole task takes, as soon as a stage has shown its rate. */
  private estimate(stage: string, unit: string, done: number, now: number): void {
    const { plan } = this;
    if (!plan || plan.said || unit !== plan.unit || plan.total < manyImages) return;
    if (stage !== plan.stage) {
      // Units that were finished before say nothing of the rate.
      Object.assign(plan, { stage, before: plan.before + plan.last, from: done, begun: now });
    }
    plan.last = done;
    const seconds = (now - plan.begun) / 1000;
    if (seconds < secondsToJudge || done <= plan.from) return;
    plan.said = true;
    const left = ((plan.total - plan.before - done) * seconds) / (done - plan.from);
    if (left >= worthSaying) this.heading(`At this rate all images take about ${roughly(left)} more.`);
  }

  /** A line that stays, above those of what it announces. */
  heading(text: string): void {
    if (this.quiet) return;
    this.clear();
    this.stage = '';
    this.stream.write(onTerminal(this.stream.isTTY ? [text] : wrap(visible(text), usualColumns)));
  }

  /** Takes the line off the terminal, so that what is printed next stands alone. */
  clear(): void {
    if (this.stream.isTTY && this.width > 0) this.stream.write(`\r${' '.repeat(this.width)}\r`);
    this.width = 0;
  }
}

/** The first of some figures that leave a stage whole, else the last, which are the shortest. */
const beside = (stage: string, figures: readonly string[], columns: number): string =>
  figures.find((text) => [...stage].length + text.length <= columns) ?? figures[figures.length - 1];

/** A stage with figures behind it, in lines as a log has them: nothing of a name is lost. */
const broken = (stage: string, figures: readonly string[]): string[] =>
  wrap(stage + beside(stage, figures, usualColumns), usualColumns);

/** A stage with figures behind it, on one line of a terminal. */
function fitted(stage: string, figures: readonly string[], columns: number): string {
  const shown = beside(stage, figures, columns);
  const line = shortened([...stage], Math.max(leastOfStage, columns - shown.length)) + shown;
  return [...line].slice(0, columns).join('');
}

/** A text without its middle, where it has more characters: names of files differ at their ends. */
function shortened(all: readonly string[], most: number): string {
  if (all.length <= most) return all.join('');
  const start = Math.floor((most - 1) / 3);
  return `${all.slice(0, start).join('')}…${all.slice(all.length - (most - 1 - start)).join('')}`;
}

/** The time left, or the limit of a task that has one: it may end sooner, and what follows takes time of its own. */
function timeLeft(toGo: number, limit: number | undefined): string {
  if (limit !== undefined) return `, limit in ${duration(limit)}`;
  return toGo < Infinity ? `, ${duration(toGo)} left` : '';
}

/** 40 → `40.0`, 4071 → `4,070`. */
function threeDigits(value: number): string {
  const text = value.toPrecision(3);
  return value < 1000 ? text : count(Number(text));
}

/** 75 → `1:15`, 4000 → `1:06:40`, 3.2 → `3.2 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** An estimate, with few digits: 200 → `3 minutes`. */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.max(10, Math.round(seconds / 10) * 10)} seconds`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1).replace('.0', '')} hours`;
}
