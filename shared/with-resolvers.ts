/** A promise that its owner resolves. `Promise.withResolvers` came with Node 22. */
export interface Resolvable {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export function withResolvers(): Resolvable {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
