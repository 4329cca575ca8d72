export type { ServedRecognizer } from './model.js';
export type { ServerOptions } from './options.js';
export type { Problem } from './problem.js';
export { createServer, type Server } from './server.js';
