// The shapes of the SDK, in one place that no page has to load: the modules name them in their JSDoc.

/** What an event says of what happened. */
export type Properties = Record<string, unknown>

/** Which app events come from, as Segment's `context.app`. */
export interface App {
  namespace?: string
  name?: string
  version?: string
}

/** How a tracker is loaded. */
export interface Options {
  writeKey: string
  /** Beckon's address; that of the module if left out. */
  host?: string
  /** Which app this is: its namespace, or more. */
  app?: App | string
  /** Shopper token that the shop's server made for the user who is signed in. */
  token?: string
  /** `false`: do not report the device's state. */
  deviceState?: boolean
  /** How long an event may wait for company, in ms; 500 if left out. */
  flush_ms?: number
  /** As soon as so many wait, they go; 100 if left out. */
  batch_events?: number
}

/** What one call says otherwise than usual (Segment's options). */
export interface CallOptions {
  /** Laid over the usual context. */
  context?: Properties
  timestamp?: string | number | Date
  anonymousId?: string
  userId?: string
  /** Two calls of one id count once. */
  messageId?: string
}

/** Says something by its name, or of somebody by an id; gives the `messageId`. */
export type Track = (name: string, properties?: Properties, options?: CallOptions) => string

/** What was seen: its name, or category and name, or neither. */
export interface Seen {
  (properties?: Properties, options?: CallOptions): string
  (name: string, properties?: Properties, options?: CallOptions): string
  (category: string, name: string, properties?: Properties, options?: CallOptions): string
}

/** `{marketing: true}` for every channel, `{web_push: {marketing: true}}` for one, `{web_push: false}` for all of one. */
export type Preferences = Record<string, boolean | { service?: boolean; marketing?: boolean }>

/** An event in the queue: its name in the store, its JSON, the bytes of that. */
export interface Queued {
  name: string
  text: string
  bytes: number
}

/** What the server's answer means for the events of a batch. */
export type Verdict =
  /** They are durable; those in `rejected` were left out, and a repeat would not help. */
  | { kind: 'taken'; rejected: { item: number; code: string; detail: string }[] }
  /** Try again, after the pause if one was asked for. */
  | { kind: 'later'; after_ms?: number; why: string }
  /** A repeat would not help, because of the call number `item` if it is known. */
  | { kind: 'refused'; item?: number; why: string }
  /** This page's key or address is wrong; its events are not. */
  | { kind: 'closed'; why: string }

/** What a {@link Queued} is taken from the queue by. */
export interface Take {
  events: number
  bytes: number
  /** Names to pass over. */
  skip: Set<string>
  /** Of this tab only. */
  own?: boolean
}

/** What a sender works with. */
export interface SenderOptions {
  queue: import('./queue.js').Queue
  store: import('./store.js').Store
  /** Where batches are posted. */
  url: string
  writeKey: string
  flush_ms: number
  batch_events: number
  /** Hears every answer, with the number of events it is about. */
  told: (verdict: Verdict, events: number) => void
}

/** The device's live state; what a browser does not tell is left out. */
export interface DeviceFields {
  online?: boolean
  app_state?: 'foreground' | 'background'
  network?: string
  downlink_kbps?: number
  /** Percent. */
  battery_level?: number
  charging?: boolean
}

/** Chromium's Network Information, which TypeScript's DOM lacks. */
export type NetworkInformation = EventTarget & { type?: string; effectiveType?: string; downlink?: number }

/** Chromium's battery, which TypeScript's DOM lacks; `level` is 0 to 1. */
export type Battery = EventTarget & { level: number; charging: boolean }

/** A message as it comes in-app or by Web Push, after it was read; what it lacks is empty. */
export interface Message {
  id: string
  show_id: string
  room_id: string
  product_id: string
  title: string
  body: string
  /** An http(s) address, or empty. */
  image: string
  /** An http(s) address, or empty. */
  link: string
  language: string
  trigger: string
  /** Unix ms; after it the message says what is no longer true. */
  expires_at: number
}

/** What became of a message that came in-app. */
export type Fate = 'shown' | 'seen' | 'expired' | 'held' | 'entered' | 'dismissed'

/** Where an in-app connection is. */
export interface ConnectionState {
  state: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'
  over?: 'websocket' | 'sse'
  session?: string
  resumed?: boolean
  /** Of the last close: its code, and what it means. */
  code?: number
  why?: string
}
