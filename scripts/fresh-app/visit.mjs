/** How long blocks may take to be in the page, on a busy machine. */
const TIMEOUT_MS = 60_000;

/**
 * Opens a page that is to list the blocks of a core, those written before and those appended while it looks, and resolves
 * to what is wrong with it: a list of sentences, empty if all is well.
 *
 * Whatever the page says on its console is wrong, for a page of its own making says nothing there: errors, warnings,
 * violations of the policy and files that are missing end up there.
 */
export async function visit(browser, origin, core, timeoutMs = TIMEOUT_MS) {
  const page = await browser.newPage();
  const problems = [];
  page.on('console', message => problems.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', error => problems.push(`uncaught: ${error}`));
  page.on('requestfailed', request => problems.push(`not loaded: ${request.url()}`));
  page.on('request', request => {
    if (!request.url().startsWith(origin)) problems.push(`asked elsewhere: ${request.url()}`);
  });
  try {
    await page.goto(`${origin}/#${core.key}`);
    await listed(page, core, timeoutMs);
    await core.append(20);
    await listed(page, core, timeoutMs);
  } catch (error) {
    problems.push(error.message.split('\n')[0]);
  } finally {
    await page.close();
  }
  return problems;
}

/** Waits for as many blocks as were written, and compares them. */
async function listed(page, { written }, timeoutMs) {
  const items = page.locator('li');
  await items.nth(written.length - 1).waitFor({ timeout: timeoutMs });
  const shown = (await items.allTextContents()).map(text => text.trim());
  if (shown.length !== written.length) throw new Error(`${shown.length} blocks of ${written.length}`);
  const wrong = written.findIndex((block, index) => block !== shown[index]);
  if (wrong !== -1)
    throw new Error(`block ${wrong} is ${shown[wrong]}, and was written as ${written[wrong]}`);
}
