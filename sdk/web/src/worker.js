// The service worker: shows a push, once and in time, and reports what became of it, also when no page is open. A
// classic script with everything in it, for not every browser runs modules in workers; so a shop on another origin can
// also serve a file of one line: importScripts('https://beckon.shop.example/sdk/worker.js').
{
  const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self))

  /** As in seen.js, with which it shares the database. */
  const DATABASE = 'beckon'
  const VERSION = 1
  const SEEN_MAX = 500
  /** Reports that wait for the network. */
  const OUTBOX_MAX = 100
  /** The one notification that says nothing: see {@link mustShow}. */
  const QUIET_TAG = 'beckon-quiet'

  /**
   * @typedef {{id: string, title: string, body: string, image: string, link: string, language: string, expires_at: number,
   *   show_id: string, room_id: string, product_id: string}} Message
   * @typedef {{host?: string, write_key?: string, app?: object, device_id?: string, anonymous_id?: string, user_id?: string}} Who
   */

  worker.addEventListener('install', () => void worker.skipWaiting())
  worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
  worker.addEventListener('push', (event) => event.waitUntil(received(event.data)))
  worker.addEventListener('notificationclick', (event) => {
    event.notification.close()
    event.waitUntil(tapped(event.notification.data))
  })
  worker.addEventListener('notificationclose', (event) => event.waitUntil(dismissed(event.notification.data)))
  worker.addEventListener('pushsubscriptionchange', (event) => {
    const { oldSubscription, newSubscription } = /** @type {any} */ (event)
    ;/** @type {ExtendableEvent} */ (event).waitUntil(resubscribe(oldSubscription, newSubscription))
  })
  // Chromium wakes the worker when the network is back.
  worker.addEventListener('sync', (event) => {
    if (/** @type {any} */ (event).tag === 'beckon-reports') /** @type {any} */ (event).waitUntil(sendReports())
  })

  /** @param {PushMessageData | null} data */
  async function received(data) {
    const payload = jsonOf(data)
    await keepWord(payload)
    const message = readMessage(payload, (await word('who'))?.host ?? worker.location.origin)
    // Not for us: nobody else's payload is shown in our name, but something must be.
    if (!message) return mustShow(payload)
    const isLate = message.expires_at <= Date.now()
    if (isLate || !(await claim(message.id))) return mustShow(message)
    await show(message)
    await report('Push Notification Received', message)
  }

  /** @param {Message} message @param {boolean} [again] silently, in the place of the same */
  async function show(message, again = false) {
    const options = { body: message.body, image: message.image, icon: message.image, lang: message.language, silent: again }
    await worker.registration.showNotification(message.title || ' ', {
      ...Object.fromEntries(Object.entries(options).filter(([, value]) => value)),
      // The same message takes its own place, whoever shows it.
      tag: message.id,
      data: message,
    })
  }

  /**
   * A push that is not to be shown: too late, or seen. A subscription promises that every push is seen by the shopper
   * (`userVisibleOnly`); browsers let it pass while he looks at a page of the shop, else show words of their own, and
   * some end the subscription. So we say something that is quiet and true, in one place.
   * @param {Message | undefined} message
   */
  async function mustShow(message) {
    const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
    if (pages.some((it) => it.visibilityState === 'visible')) return
    const shown = message?.id ? await worker.registration.getNotifications({ tag: message.id }) : []
    if (shown.length > 0 && message) return show(shown[0].data ?? message, true)
    const isChinese = (message?.language || worker.navigator.language || '').toLowerCase().startsWith('zh')
    await worker.registration.showNotification(isChinese ? '暂无新消息' : 'Nothing new', {
      body: isChinese ? '刚收到的一条消息已看过或已过期。' : 'A message came that was seen before, or came too late.',
      tag: QUIET_TAG,
      silent: true,
    })
  }

  /** @param {Message | null} message */
  async function tapped(message) {
    // First the page: the right to open one ends soon after the tap.
    await enter(message?.link).catch(() => {})
    if (message) await report('Push Notification Tapped', message)
  }

  /** @param {Message | null} message */
  async function dismissed(message) {
    if (message) await report('Push Notification Dismissed', message)
  }

  /** @param {string | undefined} link */
  async function enter(link) {
    const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
    const there = pages.find((it) => !link || it.url === link)
    if (there) await there.focus()
    else await worker.clients.openWindow(link || '/')
  }

  /** @param {PushSubscription | null} old @param {PushSubscription | null} fresh */
  async function resubscribe(old, fresh) {
    let subscription = fresh ?? null
    if (!subscription) {
      const applicationServerKey = old?.options?.applicationServerKey ?? (await word('public_key'))
      const options = { userVisibleOnly: true, applicationServerKey }
      // Without permission there is none: then the server must know that the old one is gone.
      subscription = await worker.registration.pushManager.subscribe(options).catch(() => null)
    }
    const who = await word('who')
    const { endpoint, keys } = subscription?.toJSON() ?? {}
    await send('Push Subscription Changed', {
      device_id: who?.device_id,
      channel: 'web_push',
      subscription: subscription ? { endpoint, keys } : null,
      permission: Notification.permission,
    })
  }

  /** @param {string} event @param {Message} message */
  async function report(event, { id, show_id, room_id, product_id }) {
    const known = Object.entries({ show_id, room_id, product_id }).filter(([, value]) => value)
    const properties = { message_id: id, ...Object.fromEntries(known), channel: 'web_push' }
    // A page may report the same of the same message: they count once.
    await send(event, properties, `${id} ${event}`)
  }

  /** @param {string} event @param {Record<string, unknown>} properties @param {string} [messageId] */
  async function send(event, properties, messageId = crypto.randomUUID()) {
    const who = await word('who')
    // A report that names nobody is refused; a page leaves word before it subscribes.
    if (!who?.anonymous_id && !who?.user_id) return
    const call = {
      type: 'track',
      event,
      properties,
      messageId,
      anonymousId: who.anonymous_id,
      userId: who.user_id,
      timestamp: new Date().toISOString(),
      context: {
        library: { name: '@beckon/web/worker', version: '0.1.0' },
        device: { id: who.device_id, type: 'web' },
        app: who.app,
        locale: worker.navigator.language,
        userAgent: worker.navigator.userAgent,
      },
    }
    const outbox = (await store('outbox')) ?? undefined
    if (!outbox) return void (await post(who, [call]))
    await done(outbox.add(call))
    const excess = (await done(outbox.count())) - OUTBOX_MAX
    if (excess > 0) for (const key of await done(outbox.getAllKeys(null, excess))) await done(outbox.delete(key))
    await sendReports()
  }

  /** Sends all reports that wait. What fails waits for the next event of this worker. */
  async function sendReports() {
    const who = await word('who')
    const outbox = await store('outbox')
    if (!who || !outbox) return
    const keys = await done(outbox.getAllKeys())
    const calls = await done(outbox.getAll())
    if (calls.length === 0) return
    if (await post(who, calls)) {
      const sent = await store('outbox')
      if (sent) for (const key of keys) await done(sent.delete(key))
    } else {
      await /** @type {any} */ (worker.registration).sync?.register('beckon-reports').catch(() => {})
    }
  }

  /** Whether the server has them, or will never take them. @param {Who} who @param {object[]} batch */
  async function post(who, batch) {
    const body = JSON.stringify({ writeKey: who.write_key, sentAt: new Date().toISOString(), batch })
    try {
      const answer = await fetch(`${who.host}/v1/batch`, { method: 'POST', body, credentials: 'omit', keepalive: true })
      return answer.ok || answer.status === 400
    } catch {
      return false
    }
  }

  /** What a push says of key and server, for a worker that no page has left word for. @param {any} payload */
  async function keepWord(payload) {
    const who = await word('who')
    if (who || typeof payload?.write_key !== 'string' || typeof payload?.host !== 'string') return
    const settings = await store('settings')
    if (settings) await done(settings.put({ host: payload.host, write_key: payload.write_key }, 'who'))
  }

  /** @param {PushMessageData | null} data */
  function jsonOf(data) {
    try {
      return data?.json()
    } catch {
      return undefined
    }
  }

  /** As message.js, and no longer than a notification can be. @param {any} from @param {string} base @returns {Message | undefined} */
  function readMessage(from, base) {
    const text = (/** @type {string} */ name, most = 256) =>
      typeof from?.[name] === 'string' ? from[name].slice(0, most) : ''
    if (!text('id') || from.id.length > 256) return undefined
    const address = (/** @type {string} */ name) => {
      try {
        const url = new URL(from[name], base)
        return from[name] && /^https?:$/.test(url.protocol) ? url.href : ''
      } catch {
        return ''
      }
    }
    const expires_at = Date.parse(text('expires_at'))
    return {
      id: text('id'),
      title: text('title', 200),
      body: text('body', 1_000),
      image: address('image'),
      link: address('link'),
      language: text('language'),
      show_id: text('show_id'),
      room_id: text('room_id'),
      product_id: text('product_id'),
      expires_at: Number.isNaN(expires_at) ? Infinity : expires_at,
    }
  }

  /** As in seen.js. @param {string} id */
  async function claim(id) {
    const seen = await store('seen')
    if (!seen) return true
    const isNew = await done(seen.add({ id, at: Date.now() })).then(() => true, () => false)
    const excess = (await done(seen.count())) - SEEN_MAX
    if (excess > 0) for (const key of await done(seen.index('at').getAllKeys(null, excess))) await done(seen.delete(key))
    return isNew
  }

  /** @param {string} name @returns {Promise<any>} */
  async function word(name) {
    const settings = await store('settings')
    return settings && done(settings.get(name))
  }

  /** @type {Promise<IDBDatabase> | undefined} */
  let opened

  /** A store, for one transaction; nothing where the browser keeps nothing. @param {string} name */
  async function store(name) {
    opened ??= new Promise((ok, fail) => {
      const request = indexedDB.open(DATABASE, VERSION)
      request.onupgradeneeded = () => {
        request.result.createObjectStore('seen', { keyPath: 'id' }).createIndex('at', 'at')
        request.result.createObjectStore('settings')
        request.result.createObjectStore('outbox', { autoIncrement: true })
      }
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close()
        ok(request.result)
      }
      request.onerror = () => fail(request.error)
    })
    try {
      return (await opened).transaction(name, 'readwrite').objectStore(name)
    } catch {
      opened = undefined
      return undefined
    }
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
}
