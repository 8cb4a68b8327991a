// Opens a page of results in headless Chromium and uses it as a reader would.
//   node page.mjs PAGE [FOLDER]    screenshots go to FOLDER
// Exits with 77 where there is no playwright-core or no Chromium.
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';

const [page_path, shots] = process.argv.slice(2);
const { open, run } = await launch(page_path);

const shown = rows => rows.evaluateAll(all => all.filter(row => row.checkVisibility()).length);

async function filters() {
  const { page, check } = await open({ viewport: { width: 1280, height: 900 } });
  const form = page.locator('form[data-for=rules]');
  const rows = page.locator('#rules .row');
  const all = await rows.count();
  assert.ok(all > 100, `${all} rules`);
  assert.equal(await shown(rows), all);
  await form.locator('[name=rfc]').selectOption('5961');
  const rfc = await shown(rows);
  assert.ok(rfc > 0 && rfc < all, `${rfc} of RFC 5961`);
  await form.locator('[name=level]').selectOption('must');
  assert.ok(await shown(rows) < rfc);
  await form.locator('[name=verdict]').selectOption('v-fail');
  assert.deepEqual(await rows.locator('visible=true').evaluateAll(
    all => all.filter(row => row.matches('.row')).map(row => row.id)), ['rule-RFC5961-3-2']);
  assert.equal(await form.locator('output').textContent(), `1 of ${all}`);
  await form.locator('[name=rfc]').selectOption('');
  await form.locator('[name=level]').selectOption('');
  await form.locator('[name=verdict]').selectOption('');
  await form.locator('[name=text]').fill('must-10');
  const named = await shown(rows);
  assert.ok(named > 0 && named < 5, `${named} with must-10`);
  check();
}

async function a_failing_case() {
  const { page, check } = await open({ viewport: { width: 1280, height: 900 } });
  const row = page.locator('#cases details.v-fail, #cases details[data-verdict=v-fail]').first();
  assert.equal(await row.locator('.in').isVisible(), false);
  await page.locator('#findings a.id').first().click();
  assert.equal(await row.locator('.in').isVisible(), true);
  const text = await row.textContent();
  for (const part of ['wanted', '<state> "ESTABLISHED" & an ACK', 'got', 'CLOSED #1', 'step 3',
                      "synfin run 'reset/in-window[1,2]' -6 --stack linux"]) {
    assert.ok(text.includes(part), part);
  }
  assert.equal(await row.locator('svg.ladder').isVisible(), true);
  assert.ok((await row.locator('svg.ladder').textContent()).includes('RST seq 501'));
  check();
}

async function the_states() {
  const { page, check } = await open({ viewport: { width: 1280, height: 900 } });
  assert.equal(await page.locator('#states .edge.on').count(), 1);
  assert.ok(await page.locator('#states .edge').count() > 15);
  assert.equal(await page.locator('#states .name').count(), 11);
  check();
}

async function without_scripts() {
  const { page, check } = await open({ javaScriptEnabled: false });
  assert.equal(await page.locator('form:visible').count(), 0);
  const row = page.locator('#cases details[data-verdict=v-fail]');
  await page.locator('#cases details.topic', { has: page.locator('[data-verdict=v-fail]') }).locator('> summary').click();
  await row.locator('> summary').click();
  assert.equal(await row.locator('svg.ladder').isVisible(), true);
  check();
}

// A phone: nothing is wider than the screen but what scrolls by itself.
async function narrow() {
  const { page, check } = await open({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `the page is ${width} wide`);
  const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.notEqual(back, 'rgb(252, 252, 251)');
  check();
}

async function screenshots() {
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    for (const colorScheme of ['light', 'dark']) {
      const { page } = await open({ viewport: { width, height }, colorScheme });
      const shoot = async name => {
        await page.waitForTimeout(150);  // the browser's own scrolling
        await page.screenshot({ path: `${shots}/${width}-${colorScheme}-${name}.png` });
      };
      await shoot('top');
      for (const part of ['rules', 'states', 'coverage']) {
        await page.locator(`#${part} h2`).scrollIntoViewIfNeeded();
        await page.evaluate(id => document.getElementById(id).scrollIntoView(), part);
        await shoot(part);
      }
      const finding = page.locator('#findings a.id').first();
      if (await finding.count()) {
        await finding.click();
        await shoot('case');
      }
      const open_rule = page.locator('#rules .row:has(.v-fail), #rules .row:has(.v-xfail)').first();
      if (await open_rule.count()) {
        await open_rule.locator('> summary').click();
        await open_rule.evaluate(row => row.scrollIntoView());
        await shoot('rule');
      }
    }
  }
}

await run(shots ? [screenshots] : [filters, a_failing_case, the_states, without_scripts, narrow]);
