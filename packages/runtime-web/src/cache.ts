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

/** Those of other versions. A page may have caches of its own whose names begin with denary, too. */
async function deleteOthers(name: string): Promise<void> {
  try {
    const others = (await caches.keys()).filter((other) => /^denary-\d/.test(other) && other !== name);
    await Promise.all(others.map((other) => caches.delete(other)));
  } catch {
    // They stay, then.
  }
}
