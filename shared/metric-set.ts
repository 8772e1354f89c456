/**
 * The metrics of one program in the text format of Prometheus: the one file that knows prom-client. A name
 * begins with the program's prefix. It counts nothing by itself and knows no program.
 */
import { Counter, Gauge, Registry } from 'prom-client';

export type { Counter } from 'prom-client';

export class MetricSet {
  readonly #registry = new Registry();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counted as it happens. */
  counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name: this.#prefix + name, help, labelNames, registers: [this.#registry] });
  }

  /** Counted elsewhere and looked up when somebody asks: for what changes too often to be told. */
  total(name: string, help: string, read: () => number): void {
    new Counter({
      name: this.#prefix + name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Looked up when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: this.#prefix + name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Series whose labels come and go: those of the last look are all there are. */
  gauges<T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    read: () => Iterable<readonly [labels: Record<T, string>, value: number]>,
  ): void {
    new Gauge({
      name: this.#prefix + name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }
}
