/** Where the worker's file lies: beside this one when built. Tests run on the sources, and take the built worker. */
export const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/worker.js' : './worker.js',
  import.meta.url,
);
