/** Files kept in the browser (Cache API) under a version's name; what other versions kept is deleted. */

export interface Cached {
  read(url: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Does nothing where there is no room, and notes it. */
  write(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Nothing where the browser does not let pages keep anything, which is noted. */
export async function openCache(name: string, note: (note: string) => void): Promise<Cached | undefined> {
  if (!globalThis.caches) {
    note('Files are not cached: the page is neither on https nor on localhost.');
    return undefined;
  }
  try {
    const cache = await caches.open(name);
    void deleteOthers(name);
    return {
      read: async (url) => {
        const found = await cache.match(url).catch(() => undefined);
        return found && new Uint8Array(await found.arrayBuffer());
      },
      write: async (url, bytes) => {
        await cache.put(url, new Response(bytes)).catch((error) => note(`Files are not cached: ${error}`));
      },
    };
  } catch (error) {
    note(`Files are not cached: the browser refuses (${error}).`);
    return undefined;
  }
}

/** `denary-1.0.0`: those that begin alike. */
async function deleteOthers(name: string): Promise<void> {
  try {
    const alike = name.slice(0, name.indexOf('-') + 1);
    const others = (await caches.keys()).filter((other) => other.startsWith(alike) && other !== name);
    await Promise.all(others.map((other) => caches.delete(other)));
  } catch {
    // They stay, then.
  }
}
