/** See tfjs-node.mjs. */

export function tfjsNode(): Promise<string>;
