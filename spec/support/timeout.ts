import { patienceMs } from './patience.js';

// A spec may wait for more than one thing, and what it waited for in vain is to be told first.
jasmine.DEFAULT_TIMEOUT_INTERVAL = 2 * patienceMs;
