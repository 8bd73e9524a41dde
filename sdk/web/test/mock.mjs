// A stand-in for Beckon, for looking at the SDK in a browser without building the server: serves the SDK, takes batches,
// speaks `/ws`, and shows a room for a link. It keeps what it got in memory and decides nothing: a cue sends a message to
// all that are connected.
//
//   node test/mock.mjs [PORT]       then open the address that it prints
//   curl -d '{"title":"…"}' http://127.0.0.1:PORT/mock/message     sends a message to all that are connected
import { randomUUID, webcrypto } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'

const SRC = new URL('../src/', import.meta.url)
const TYPES = { '.js': 'text/javascript; charset=utf-8', '.html': 'text/html; charset=utf-8' }
const PING_S = 25

/** Starts it. @param {number} [port] 0 for any */
export async function start(port = 0) {
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  const public_key = Buffer.from(await webcrypto.subtle.exportKey('raw', pair.publicKey)).toString('base64url')
  /** Calls taken, each once; how many came again; sessions by id; messages by id. */
  const mock = { calls: new Map(), repeated: 0, sessions: new Map(), frames: [] }

  async function answer(request, path) {
    if (path === '/sdk/example') return ['.html', await readFile(new URL('example.html', SRC))]
    if (path.startsWith('/sdk/')) return [extname(path), await readFile(new URL(path.slice(5).replaceAll('/', ''), SRC))]
    if (path === '/v1/push-key') return ['.json', JSON.stringify({ public_key })]
    if (path === '/mock/calls') return ['.json', JSON.stringify({ calls: [...mock.calls.values()], repeated: mock.repeated })]
    if (path.startsWith('/t/')) return ['.html', '<!doctype html><meta name="viewport" content="width=device-width"><title>Room</title><h1>The room</h1>']
    if (path.startsWith('/api/v1/') && request.method !== 'POST') return ['.json', JSON.stringify(control(request.method, path.slice(8)))]
    if (request.method !== 'POST') return undefined
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}')
    if (path === '/v1/batch') return ['.json', JSON.stringify(take(body))]
    if (path === '/mock/message') return ['.json', JSON.stringify(send(body))]
    if (path.endsWith('/cues')) send({ title: 'Mei is live', body: 'The room you booked has opened.', room_id: 'beauty', show_id: 'tonight' })
    return ['.json', '{}']
  }

  /** As much of the control API as the end-to-end test asks for, told from the calls alone. */
  function control(method, path) {
    const calls = [...mock.calls.values()]
    const count = (event) => calls.filter((it) => it.event === event).length
    const [kind, id] = path.split('/')
    if (method !== 'GET') return {}
    if (kind === 'profiles') return { id, events: calls.filter((it) => it.userId === decodeURIComponent(id)).length }
    if (path.endsWith('/report')) {
      return { funnel: { delivered: count('Push Notification Received'), tapped: count('Push Notification Tapped'), entered: count('Live Room Entered') } }
    }
    const by_name = Object.fromEntries(calls.map((it) => [it.event ?? it.type, count(it.event)]))
    return { events: { repeated: mock.repeated, by_name } }
  }

  function take({ batch }) {
    for (const call of batch) {
      if (mock.calls.has(call.messageId)) mock.repeated++
      mock.calls.set(call.messageId, call)
    }
    return { success: true, accepted: batch.length }
  }

  function send(fields) {
    const id = fields.id ?? `p-${randomUUID().slice(0, 8)}`
    const expires_at = new Date(Date.now() + (fields.lasts_s ?? 600) * 1000).toISOString()
    const message = { id, class: 'marketing', trigger: 'product_pinned', expires_at, link: `/t/${id}`, ...fields }
    for (const session of mock.sessions.values()) {
      session.unacked.set(id, message)
      session.socket?.send(JSON.stringify({ type: 'message', message }))
    }
    return { id }
  }

  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://mock').pathname
    answer(request, path).then(
      (found) => {
        const type = TYPES[found?.[0]] ?? 'application/json'
        response.writeHead(found ? 200 : 404, { 'content-type': type, 'access-control-allow-origin': '*', 'service-worker-allowed': '/' })
        response.end(found?.[1] ?? '{}')
      },
      (error) => response.writeHead(500).end(String(error)),
    )
  })
  const sockets = new WebSocketServer({ server, path: '/ws', handleProtocols: (all) => all.has('beckon.v1') && 'beckon.v1' })
  sockets.on('connection', (socket) => {
    let session
    socket.on('message', (data) => {
      const frame = JSON.parse(data)
      mock.frames.push(frame)
      if (frame.type === 'hello') {
        const known = mock.sessions.get(frame.session)
        session = known ?? { id: randomUUID(), device: frame.device.id, unacked: new Map() }
        for (const other of mock.sessions.values()) if (other.device === session.device) other.socket?.close(4409)
        session.socket = socket
        mock.sessions.set(session.id, session)
        socket.send(JSON.stringify({ type: 'welcome', session: session.id, resumed: !!known, ping_s: PING_S, now: new Date() }))
        for (const message of session.unacked.values()) socket.send(JSON.stringify({ type: 'message', message }))
      }
      if (frame.type === 'ack') for (const id of frame.ids) session.unacked.delete(id)
      if (frame.type === 'ping') socket.send('{"type":"pong"}')
    })
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = undefined
    })
  })
  await new Promise((ok) => server.listen(port, '127.0.0.1', ok))
  return {
    ...mock,
    mock,
    send,
    url: `http://127.0.0.1:${server.address().port}`,
    breakAll: () => sockets.clients.forEach((it) => it.terminate()),
    close: () => {
      sockets.clients.forEach((it) => it.terminate())
      server.closeAllConnections()
      server.close()
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start(Number(process.argv[2] ?? 0))
  console.log(`${url}/sdk/example?key=mock-key-1`)
}
