// Reads a message that came from outside. Whatever it holds, what leaves here is text of bounded length and web
// addresses: no script can hide in a link, and no title can fill the screen. The worker has its own copy of this, for
// not every browser runs modules in workers.
/** @import { Message } from './types.js' */

const ID_CHARS_MAX = 256
const TITLE_CHARS_MAX = 200
const BODY_CHARS_MAX = 1_000

/**
 * @param {any} from a frame's or a push's message
 * @param {string} base Beckon's address, for links without one
 * @returns {Message | undefined} nothing without an id: what cannot be named cannot be shown just once
 */
export function readMessage(from, base) {
  const text = (/** @type {string} */ name, most = ID_CHARS_MAX) => {
    const value = from?.[name]
    return typeof value === 'string' ? value.slice(0, most) : ''
  }
  if (!text('id') || from.id.length > ID_CHARS_MAX) return undefined
  const expires_at = Date.parse(text('expires_at'))
  return {
    id: text('id'),
    show_id: text('show_id'),
    room_id: text('room_id'),
    product_id: text('product_id'),
    title: text('title', TITLE_CHARS_MAX),
    body: text('body', BODY_CHARS_MAX),
    image: webAddress(from.image, base),
    link: webAddress(from.link, base),
    language: text('language'),
    trigger: text('trigger'),
    expires_at: Number.isNaN(expires_at) ? Infinity : expires_at,
  }
}

/** What reports say of a message. @param {Message} message @param {string} channel */
export function reportOf({ id, show_id, room_id, product_id }, channel) {
  const known = Object.entries({ show_id, room_id, product_id }).filter(([, value]) => value !== '')
  return { message_id: id, ...Object.fromEntries(known), channel }
}

/** @param {unknown} text @param {string} base */
function webAddress(text, base) {
  if (typeof text !== 'string' || text === '') return ''
  try {
    const url = new URL(text, base)
    return /^https?:$/.test(url.protocol) ? url.href : ''
  } catch {
    return ''
  }
}
