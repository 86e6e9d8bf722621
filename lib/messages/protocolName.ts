/** The Protomux protocol under which a hypercore is replicated; the channel's id is its discovery key. @public */
export const HYPERCORE_PROTOCOL = 'hypercore/alpha';

/** An older name for the same protocol: answered when a remote opens it, never sent. @public */
export const HYPERCORE_ALIAS = 'hypercore';
