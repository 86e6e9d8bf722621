// Tells which specs took longest, so that the whole run stays within its ten minutes.
const MOST = 15;
const took: { readonly name: string; readonly seconds: number }[] = [];

jasmine.getEnv().addReporter({
  specDone({ fullName, duration }) {
    took.push({ name: fullName, seconds: (duration ?? 0) / 1000 });
  },
  jasmineDone() {
    took.sort((a, b) => b.seconds - a.seconds);
    const lines = took
      .slice(0, MOST)
      .filter(({ seconds }) => seconds >= 1)
      .map(({ name, seconds }) => `  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
    if (lines.length > 0) console.log(`\n\nThe slowest:\n${lines.join('\n')}`);
  },
});
