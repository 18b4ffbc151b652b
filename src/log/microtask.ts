/** A turn of the microtask queue, as `queueMicrotask` gives it at twice the price: that makes room for tracers of asynchronous calls. */
const settled = Promise.resolve();

export function microtask(run: () => void): void {
  settled.then(run);
}
