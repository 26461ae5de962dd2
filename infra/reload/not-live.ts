/** A change that only a new synthesis can make: the message says which. */
export class NotLive extends Error {}
