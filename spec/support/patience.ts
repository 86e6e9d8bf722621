/**
 * How long anything in the specs is waited for, in milliseconds, before that counts as a failure. It bounds what hangs and
 * says nothing about speed: on two cores, beside other processes, what takes a second may take twenty.
 */
export const patienceMs = 60_000;
