/** See venv.mjs. */

export const interpreter: string;
export default function setup(): Promise<void>;
