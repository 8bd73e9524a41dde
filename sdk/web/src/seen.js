// What a page and the service worker must agree on, in IndexedDB, for the worker has no localStorage: which messages
// were shown, so that none is shown in-app and as a push; and whom the worker reports for. The worker has its own copy
// of `open` and `claim`; a test holds the two together.

/** The database, its version, and how many shown messages are remembered: weeks of them. */
const DATABASE = 'beckon'
const VERSION = 1
const SEEN_MAX = 500

/** For browsers that keep nothing (some private windows): this page at least shows nothing twice. @type {Set<string>} */
const here = new Set()

/**
 * Claims a message for showing.
 * @param {string} id
 * @returns {Promise<boolean>} whether it was not shown before, by any page or the worker
 */
export async function claim(id) {
  if (here.has(id)) return false
  here.add(id)
  if (here.size > SEEN_MAX) here.delete([...here][0])
  try {
    const seen = (await open()).transaction('seen', 'readwrite').objectStore('seen')
    const isNew = await done(seen.add({ id, at: Date.now() })).then(() => true, () => false)
    if (isNew) await forgetOldest(seen)
    return isNew
  } catch {
    return true
  }
}

/**
 * Leaves word for the worker.
 * @param {string} name
 * @param {unknown} value
 */
export async function leaveWord(name, value) {
  const settings = (await open()).transaction('settings', 'readwrite').objectStore('settings')
  await done(settings.put(value, name))
}

/** @type {Promise<IDBDatabase> | undefined} */
let opened

/** @returns {Promise<IDBDatabase>} */
function open() {
  opened ??= new Promise((ok, fail) => {
    const request = indexedDB.open(DATABASE, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('seen', { keyPath: 'id' }).createIndex('at', 'at')
      request.result.createObjectStore('settings')
      request.result.createObjectStore('outbox', { autoIncrement: true })
    }
    request.onsuccess = () => {
      // A newer version of this file, in another tab, must not wait for this one.
      request.result.onversionchange = () => request.result.close()
      ok(request.result)
    }
    request.onerror = () => fail(request.error)
  })
  opened.catch(() => (opened = undefined))
  return opened
}

/** @param {IDBObjectStore} seen */
async function forgetOldest(seen) {
  const excess = (await done(seen.count())) - SEEN_MAX
  if (excess <= 0) return
  const oldest = await done(seen.index('at').getAllKeys(null, excess))
  await Promise.all(oldest.map((key) => done(seen.delete(key))))
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((ok, fail) => {
    request.onsuccess = () => ok(request.result)
    request.onerror = (event) => {
      // Or the whole transaction would be undone.
      event.preventDefault()
      fail(request.error)
    }
  })
}
