// The service worker, driven by the events that a browser would send it: shows each message once and in time, whoever saw
// it first, keeps the promise that a push is seen, and loses no report.
import { indexedDB, IDBKeyRange } from 'fake-indexeddb'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import vm from 'node:vm'
import { claim, leaveWord } from '../src/seen.js'

// Page and worker share the database.
Object.assign(globalThis, { indexedDB, IDBKeyRange })

const CODE = readFileSync(new URL('../src/worker.js', import.meta.url), 'utf8')
const WHO = { host: 'https://beckon.example', write_key: 'k-1', app: { namespace: 'shop' }, device_id: 'd-1', anonymous_id: 'a-1', user_id: 'u-1' }

/** A worker as a browser runs it. */
function start({ language = 'en', windows = [], subscribed = true } = {}) {
  const handlers = new Map()
  const notifications = []
  const requests = []
  const opened = []
  const browser = { isOnline: true, status: 200, syncs: [], notifications, requests, opened, windows }
  const registration = {
    async showNotification(title, options) {
      const at = notifications.findIndex((it) => it.tag === options.tag)
      if (at >= 0) notifications.splice(at, 1)
      notifications.push({ title, ...options, close: () => notifications.splice(notifications.findIndex((it) => it.tag === options.tag), 1) })
    },
    getNotifications: async ({ tag } = {}) => notifications.filter((it) => !tag || it.tag === tag),
    pushManager: {
      async subscribe(options) {
        if (!subscribed) throw new DOMException('no', 'NotAllowedError')
        browser.options = options
        return subscriptionOf('https://push.example/new')
      },
    },
    sync: { register: async (tag) => browser.syncs.push(tag) },
  }
  const self = {
    registration,
    navigator: { language, userAgent: 'test' },
    location: new URL('https://shop.example/worker.js'),
    clients: { matchAll: async () => windows, openWindow: async (url) => opened.push(url), claim: async () => {} },
    skipWaiting: async () => {},
    addEventListener: (type, handler) => handlers.set(type, handler),
  }
  const fetch = async (url, { body }) => {
    if (!browser.isOnline) throw new TypeError('Failed to fetch')
    requests.push({ url, ...JSON.parse(body) })
    return { ok: browser.status === 200, status: browser.status }
  }
  const Notification = { permission: subscribed ? 'granted' : 'denied' }
  vm.runInNewContext(CODE, { self, indexedDB, fetch, crypto, URL, Notification, console })
  /** Sends an event and waits for all that the worker asked to be waited for. */
  browser.happens = async (type, fields = {}) => {
    let work
    handlers.get(type)({ ...fields, waitUntil: (promise) => (work = promise) })
    await work
  }
  browser.push = (payload) => browser.happens('push', { data: { json: () => structuredClone(payload) } })
  browser.calls = () => requests.flatMap((it) => it.batch)
  browser.events = () => browser.calls().map((it) => it.event)
  return browser
}

const subscriptionOf = (endpoint) => ({
  options: { applicationServerKey: new Uint8Array([4, 2]).buffer },
  toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: 'p', auth: 'a' } }),
})

let number = 0
const messageOf = (fields = {}) => ({
  id: `w-${++number}`,
  title: 'Last 40 at ¥199',
  body: 'Mei is live.',
  link: 'https://beckon.example/t/abc',
  show_id: 'show-7',
  language: 'en',
  expires_at: new Date(Date.now() + 60_000).toISOString(),
  ...fields,
})
const visible = { visibilityState: 'visible', url: 'https://shop.example/', focus: async () => {} }

test('a worker that no page has left word for shows a message and reports nothing, for it knows nobody', async () => {
  const browser = start()
  await browser.push({ ...messageOf(), write_key: 'k-9', host: 'https://other.example' })
  assert.deepEqual([browser.notifications.length, browser.requests.length], [1, 0])
})

test('a message is shown and reported for the shopper of this device', async () => {
  await leaveWord('who', WHO)
  const browser = start()
  const message = messageOf()
  await browser.push(message)
  const [{ title, body, tag, silent }] = browser.notifications
  assert.deepEqual([title, body, tag, silent], [message.title, message.body, message.id, undefined])
  const [{ url, writeKey, batch }] = browser.requests
  assert.deepEqual([url, writeKey], ['https://beckon.example/v1/batch', 'k-1'])
  const [call] = batch
  assert.deepEqual([call.event, call.anonymousId, call.userId], ['Push Notification Received', 'a-1', 'u-1'])
  assert.deepEqual({ ...call.properties }, { message_id: message.id, show_id: 'show-7', channel: 'web_push' })
  assert.deepEqual([call.context.device.id, call.context.app.namespace], ['d-1', 'shop'])
})

test('what a page has shown is not shown by the worker, and the other way round', async () => {
  const browser = start({ windows: [visible] })
  const [first, second] = [messageOf(), messageOf()]
  assert.equal(await claim(first.id), true)
  await browser.push(first)
  assert.equal(browser.notifications.length, 0)
  await browser.push(second)
  assert.equal(browser.notifications.length, 1)
  assert.equal(await claim(second.id), false)
})

test('a message that comes twice is one notification, the second time silent, and one report', async () => {
  const browser = start()
  const message = messageOf()
  await browser.push(message)
  await browser.push(message)
  assert.deepEqual(browser.notifications.map((it) => [it.title, it.silent]), [[message.title, true]])
  assert.deepEqual(browser.events(), ['Push Notification Received'])
})

for (const [language, title] of [['en', 'Nothing new'], ['zh-CN', '暂无新消息']]) {
  test(`what is too late is not shown; unless a page is looked at, something quiet and true is (${language})`, async () => {
    const late = messageOf({ expires_at: '2020-01-01T00:00:00Z', language })
    const looking = start({ windows: [visible] })
    await looking.push(late)
    assert.equal(looking.notifications.length, 0)
    const away = start({ windows: [{ ...visible, visibilityState: 'hidden' }] })
    await away.push(late)
    await away.push({ ...late, id: 'another' })
    assert.deepEqual(away.notifications.map((it) => [it.title, it.silent, it.tag]), [[title, true, 'beckon-quiet']])
    assert.equal(away.requests.length, 0)
  })
}

test('a push that cannot be read does no harm', async () => {
  const browser = start()
  await browser.happens('push', { data: null })
  await browser.happens('push', { data: { json: () => JSON.parse('{') } })
  await browser.push({ title: 'no id' })
  await browser.push(messageOf({ link: 'javascript:alert(1)', image: 'file:///etc/passwd' }))
  assert.deepEqual(browser.notifications.map((it) => it.tag).slice(0, 1), ['beckon-quiet'])
  assert.deepEqual([browser.notifications[1].data.link, browser.notifications[1].image], ['', undefined])
})

test('a tap opens the room and is reported', async () => {
  const browser = start()
  await browser.push(messageOf())
  await browser.happens('notificationclick', { notification: browser.notifications[0] })
  assert.deepEqual([browser.opened, browser.notifications.length], [['https://beckon.example/t/abc'], 0])
  assert.deepEqual(browser.events(), ['Push Notification Received', 'Push Notification Tapped'])
})

test('a room that is open is brought to the front instead', async () => {
  let focused = 0
  const room = { ...visible, url: 'https://beckon.example/t/abc', focus: async () => focused++ }
  const browser = start({ windows: [{ ...visible }, room] })
  await browser.push(messageOf())
  await browser.happens('notificationclick', { notification: browser.notifications[0] })
  assert.deepEqual([focused, browser.opened], [1, []])
})

test('putting a notification away is reported; the quiet one is nobody’s', async () => {
  const browser = start()
  await browser.push(messageOf())
  await browser.happens('notificationclose', { notification: browser.notifications[0] })
  await browser.happens('notificationclose', { notification: { data: null, tag: 'beckon-quiet' } })
  assert.deepEqual(browser.events(), ['Push Notification Received', 'Push Notification Dismissed'])
})

test('a page that reports the same names it by the same id, so that it counts once', async () => {
  const browser = start()
  const message = messageOf()
  await browser.push(message)
  assert.equal(browser.calls()[0].messageId, `${message.id} Push Notification Received`)
})

test('reports wait for the network, and go in order with the next', async () => {
  const browser = start()
  browser.isOnline = false
  await browser.push(messageOf())
  assert.deepEqual([browser.requests.length, browser.syncs], [0, ['beckon-reports']])
  browser.isOnline = true
  browser.status = 503
  await browser.happens('sync', { tag: 'beckon-reports' })
  browser.status = 200
  await browser.happens('notificationclick', { notification: browser.notifications[0] })
  assert.deepEqual(browser.events().slice(-2), ['Push Notification Received', 'Push Notification Tapped'])
  const sent = browser.requests.length
  await browser.happens('sync', { tag: 'beckon-reports' })
  assert.equal(browser.requests.length, sent)
})

test('reports that wait are bounded', async () => {
  const browser = start()
  browser.isOnline = false
  for (let at = 0; at < 120; at++) await browser.push(messageOf())
  browser.isOnline = true
  await browser.happens('sync', { tag: 'beckon-reports' })
  assert.equal(browser.calls().length, 100)
})

test('a subscription that the browser changed is made anew and told', async () => {
  const browser = start()
  await browser.happens('pushsubscriptionchange', { oldSubscription: subscriptionOf('https://push.example/old') })
  assert.deepEqual([...new Uint8Array(browser.options.applicationServerKey)], [4, 2])
  const { subscription, ...told } = browser.calls()[0].properties
  assert.deepEqual({ ...told }, { device_id: 'd-1', channel: 'web_push', permission: 'granted' })
  assert.deepEqual(JSON.parse(JSON.stringify(subscription)), { endpoint: 'https://push.example/new', keys: { p256dh: 'p', auth: 'a' } })
})

test('a subscription that cannot be made anew is told as gone', async () => {
  const browser = start({ subscribed: false })
  await browser.happens('pushsubscriptionchange', {})
  const { subscription, permission } = browser.calls()[0].properties
  assert.deepEqual([subscription, permission], [null, 'denied'])
})

test('what was shown is remembered within bounds, the newest longest, by page and worker alike', async () => {
  const database = await new Promise((ok) => (indexedDB.open('beckon').onsuccess = (event) => ok(event.target.result)))
  const remembered = () =>
    new Promise((ok) => {
      database.transaction('seen').objectStore('seen').count().onsuccess = (event) => ok(event.target.result)
    })
  for (let at = 0; at < 520; at++) await claim(`old-${at}`)
  assert.equal(await remembered(), 500)
  const browser = start({ windows: [visible] })
  await browser.push(messageOf())
  assert.equal(await remembered(), 500)
  await browser.push(messageOf({ id: 'old-519' }))
  assert.equal(browser.notifications.length, 1)
})
