// The two ways to the server's in-app frames, alike to those who use them: a WebSocket, and where something on the way
// breaks those, an event stream with posts in the other direction.

/**
 * @typedef {Record<string, any>} Frame
 *
 * @typedef {object} Heard what a link tells
 * @property {(text: string) => void} frame
 * @property {(code: number, why: string) => void} closed at most once, and nothing after it
 *
 * @typedef {object} Link
 * @property {(frame: Frame) => boolean} send whether it was written
 * @property {(session: string) => void} named the session has this name
 * @property {() => void} close without a word to anyone
 */

/** The close code of a connection that broke (RFC 6455, 7.4.1). */
export const BROKEN = 1006
/** More than this unsent means that nobody reads any more. */
const UNSENT_BYTES_MAX = 64 * 1024

/**
 * @param {string} host
 * @param {Frame} hello
 * @param {Heard} heard
 * @returns {Link}
 */
export function webSocket(host, hello, heard) {
  const socket = new WebSocket(`${host.replace(/^http/, 'ws')}/ws`, 'beckon.v1')
  let isOver = false
  const over = (/** @type {number} */ code, /** @type {string} */ why) => {
    if (isOver) return
    isOver = true
    heard.closed(code, why)
  }
  socket.onopen = () => socket.send(JSON.stringify(hello))
  socket.onmessage = ({ data }) => isOver || heard.frame(String(data))
  socket.onclose = ({ code, reason }) => over(code, reason)
  return {
    send(frame) {
      if (isOver || socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > UNSENT_BYTES_MAX) return false
      socket.send(JSON.stringify(frame))
      return true
    },
    named() {},
    close() {
      isOver = true
      socket.close(1000)
    },
  }
}

/**
 * @param {string} host
 * @param {Frame} hello
 * @param {Heard} heard
 * @returns {Link}
 */
export function eventStream(host, { device, state, ...hello }, heard) {
  const query = new URLSearchParams({ device: device.id, device_type: device.type })
  for (const [name, value] of Object.entries(hello)) if (value !== undefined && name !== 'type') query.set(name, value)
  const source = new EventSource(`${host}/sse?${query}`)
  /** @type {string | undefined} */
  let session
  let isOver = false
  let posts = Promise.resolve()
  const over = (/** @type {number} */ code, /** @type {string} */ why) => {
    if (isOver) return
    close()
    heard.closed(code, why)
  }
  const close = () => {
    isOver = true
    source.close()
  }
  // It would come back by itself, at once and with the old address: that is ours to decide.
  source.onerror = () => over(BROKEN, 'the event stream broke')
  source.onmessage = ({ data }) => isOver || heard.frame(data)
  const send = (/** @type {Frame} */ frame) => {
    if (isOver || session === undefined) return false
    const request = { method: 'POST', body: JSON.stringify({ frames: [frame] }), credentials: /** @type {const} */ ('omit') }
    const url = `${host}/sse/${encodeURIComponent(session)}`
    // One after the other, or a later state could be overtaken by an earlier one.
    posts = posts
      .then(() => (isOver ? undefined : fetch(url, request)))
      .then((answer) => answer?.ok === false && over(BROKEN, `a frame was answered with ${answer.status}`))
      .then(() => {}, () => over(BROKEN, 'a frame could not be posted'))
    return true
  }
  const named = (/** @type {string} */ name) => {
    const isFirst = session === undefined
    session = name
    // The address has no room for the state.
    if (isFirst && state) send({ type: 'state', ...state })
  }
  return { send, named, close }
}
