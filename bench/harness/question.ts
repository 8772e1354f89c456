/** What a question gets and what it answers with. */

/** `full` for figures to publish, `quick` for a look, `smoke` only shows that a question still works. */
export type Scale = 'full' | 'quick' | 'smoke';

export interface Bench {
  readonly scale: Scale;
  /** The built product, absolute. */
  readonly dist: string;
  /** For corpora and everything else that may go when the bench ends; absolute. */
  readonly directory: string;
  /** Where agents and hubs leave a CPU profile of each run; undefined for none, since taking one costs. */
  readonly profiles: string | undefined;
  /** One line of progress for whoever waits. */
  note(text: string): void;
}

export interface Bar {
  readonly value: number;
  readonly better: 'higher' | 'lower';
}

export interface Yardstick {
  readonly name: string;
  /** One figure per run, in the unit of the answer, where possible run by run beside the answer's own. */
  readonly runs: readonly number[];
}

export interface Answer {
  readonly question: string;
  readonly measure: string;
  readonly unit: string;
  readonly runs: readonly number[];
  readonly bar?: Bar;
  readonly yardstick?: Yardstick;
  /** Further figures, for the JSON file and the lines below the table. */
  readonly details?: Readonly<Record<string, number | string>>;
}

export type Question = (bench: Bench) => Promise<Answer[]>;

/** The figure of a scale. */
export function at<T>(bench: Bench, figures: Readonly<Record<Scale, T>>): T {
  return figures[bench.scale];
}
