/** See execute.mjs. */

export function execute(command: string, args: readonly string[], options?: object): Promise<string>;
