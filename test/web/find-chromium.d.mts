/** The browser's path; DENARY_CHROMIUM names another. Throws with the reason where there is none. */
export function findChromium(): Promise<string>;
