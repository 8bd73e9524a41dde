// What is said of the device: changes that matter and last, and nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Beckon } from '../src/beckon.js'
import { open, pass, settle } from './browser.mjs'

const load = () => Beckon.load({ writeKey: 'k-1', host: 'https://beckon.example' })
const said = (server) => server.taken.filter((it) => it.event === 'Device State Changed').map((it) => it.properties)

test('the state is said once at the start, and not again by the next page', async (t) => {
  const { server } = open(t)
  load()
  await pass(2_000)
  assert.deepEqual(said(server), [{ online: true, app_state: 'foreground' }])
  load()
  await pass(2_000)
  assert.equal(said(server).length, 1)
})

test('what the server takes for stale by then is said again', async (t) => {
  const { server } = open(t)
  load()
  await pass(2_000)
  await pass(301_000, 10_000)
  load()
  await pass(2_000)
  assert.equal(said(server).length, 2)
})

test('a page that is hidden says so at once, for it may be frozen', async (t) => {
  const { server, hide } = open(t)
  load()
  await pass(2_000)
  hide()
  await settle()
  assert.deepEqual(said(server).at(-1), { app_state: 'background' })
})

test('what goes back within a second is not said', async (t) => {
  const { server, offline, online } = open(t)
  load()
  await pass(2_000)
  offline()
  await pass(500)
  online()
  await pass(3_000)
  assert.equal(said(server).length, 1)
  offline()
  await pass(3_000)
  online()
  await pass(3_000)
  assert.deepEqual(said(server).slice(1), [{ online: false }, { online: true }])
})

test('battery and network are said where the browser has them, in steps that matter', async (t) => {
  const { server, navigator } = open(t)
  const battery = Object.assign(new EventTarget(), { level: 0.5, charging: false })
  const connection = Object.assign(new EventTarget(), { type: 'wifi', effectiveType: '4g', downlink: 10 })
  Object.assign(navigator, { connection, getBattery: async () => battery })
  const changes = async (target, fields) => {
    for (const type of ['levelchange', 'chargingchange', 'change']) {
      Object.assign(target, fields).dispatchEvent(new Event(type))
    }
    await pass(2_000)
  }
  load()
  await pass(2_000)
  const first = { online: true, app_state: 'foreground', network: 'wifi', downlink_kbps: 10_000 }
  assert.deepEqual(said(server), [{ ...first, battery_level: 50, charging: false }])
  await changes(battery, { level: 0.48 })
  await changes(connection, { downlink: 8 })
  assert.equal(said(server).length, 1)
  await changes(battery, { level: 0.45 })
  await changes(battery, { charging: true })
  await changes(connection, { type: 'cellular', downlink: 2 })
  await changes(connection, { type: 'unknown' })
  assert.deepEqual(said(server).slice(1), [
    { battery_level: 45 },
    { charging: true },
    { network: 'cellular', downlink_kbps: 2_000 },
    { network: '4g' },
  ])
})

test('whoever comes next on the device has its state said anew', async (t) => {
  const { server } = open(t)
  const beckon = load()
  await pass(2_000)
  beckon.identify('u-1')
  await pass(2_000)
  assert.deepEqual(said(server).at(-1), { online: true, app_state: 'foreground' })
  assert.equal(server.taken.at(-1).userId, 'u-1')
})

test('whoever does not want it reported has nothing reported, whoever comes', async (t) => {
  const { server } = open(t)
  const beckon = Beckon.load({ writeKey: 'k-1', host: 'https://beckon.example', deviceState: false })
  beckon.identify('u-1')
  beckon.reset()
  await pass(3_000)
  assert.deepEqual(said(server), [])
})

test('whoever reports the state another way keeps it from being an event', async (t) => {
  const { server } = open(t)
  const beckon = load()
  const heard = []
  beckon.addEventListener('device', (event) => {
    heard.push(event.detail)
    event.preventDefault()
  })
  await pass(2_000)
  assert.deepEqual([said(server), heard], [[], [{ online: true, app_state: 'foreground' }]])
})
