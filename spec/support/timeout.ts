// What waits for another process takes its time on a busy machine; as long as in the browser (karma.conf.js).
jasmine.DEFAULT_TIMEOUT_INTERVAL = 30_000;
