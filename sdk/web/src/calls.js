// A call for each event that Beckon understands, so that no page has to spell them: `beckon.product.added(…)` is
// `beckon.track('Product Added', …)`. The names are Segment's and those of docs/events.md.
/** @import { Properties } from './types.js' */

export const PRODUCT = {
  listViewed: 'Product List Viewed',
  clicked: 'Product Clicked',
  viewed: 'Product Viewed',
  added: 'Product Added',
  removed: 'Product Removed',
  addedToWishlist: 'Product Added to Wishlist',
  removedFromWishlist: 'Product Removed from Wishlist',
}

export const ORDER = {
  cartViewed: 'Cart Viewed',
  checkoutStarted: 'Checkout Started',
  completed: 'Order Completed',
  refunded: 'Order Refunded',
  cancelled: 'Order Cancelled',
}

export const ROOM = {
  entered: 'Live Room Entered',
  left: 'Live Room Left',
  liked: 'Live Liked',
  commented: 'Live Commented',
  shared: 'Live Shared',
  followed: 'Live Followed',
  unfollowed: 'Live Unfollowed',
  reminderBooked: 'Live Reminder Booked',
  reminderCancelled: 'Live Reminder Cancelled',
}

export const PUSH = {
  received: 'Push Notification Received',
  tapped: 'Push Notification Tapped',
  dismissed: 'Push Notification Dismissed',
}

/**
 * @template {Record<string, string>} Names
 * @param {Names} names
 * @param {(event: string, properties: Properties) => string} track
 * @returns {{[name in keyof Names]: (properties?: Properties) => string}}
 */
export function callsOf(names, track) {
  const call = (/** @type {string} */ event) => (/** @type {Properties} */ properties = {}) => track(event, properties)
  return /** @type {any} */ (Object.fromEntries(Object.entries(names).map(([name, event]) => [name, call(event)])))
}
