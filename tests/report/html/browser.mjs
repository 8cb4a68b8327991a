// What the tests of pages share: headless Chromium, and checks that hold of every page.
// Exits with 77 where there is no playwright-core or no Chromium.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';

const skip = why => {
  console.log(why);
  process.exit(77);
};

export async function launch(page_path) {
  let chromium;
  try {
    ({ chromium } = createRequire(import.meta.url)('playwright-core'));
  } catch {
    skip('playwright-core is not here: npm install in tests/report/html');
  }
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
    .find(path => existsSync(path));
  if (!executablePath) skip('Chromium is not here');
  const address = pathToFileURL(page_path).href;
  const browser = await chromium.launch({ executablePath, args: [
    '--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });

  const open = async options => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(60000);  // the other tests load the machine
    const requests = [];
    const messages = [];
    page.on('request', request => requests.push(request.url()));
    page.on('console', message => messages.push(message.text()));
    page.on('pageerror', error => messages.push(String(error)));
    await page.goto(address);
    const check = () => {
      assert.deepEqual(requests.filter(url => url !== address && !url.startsWith('data:')), []);
      assert.deepEqual(messages, []);
    };
    return { page, check };
  };

  const run = async tests => {
    let failed = false;
    for (const test of tests) {
      try {
        await test();
        console.log(`ok ${test.name}`);
      } catch (error) {
        failed = true;
        console.log(`not ok ${test.name}: ${error.stack}`);
      }
    }
    await browser.close();
    process.exit(failed ? 1 : 0);
  };
  return { open, run };
}
