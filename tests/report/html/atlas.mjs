// Opens a page of atlases in headless Chromium and uses it as a reader would.
//   node atlas.mjs PAGE
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';

const { open, run } = await launch(process.argv[2]);

async function a_cell_opens_its_ladders() {
  const { page, check } = await open({ viewport: { width: 1280, height: 900 } });
  const state = page.locator('#at-ESTABLISHED');
  assert.equal(await state.locator('figure').count(), 0);
  const map = state.locator('.map:visible').first();
  await map.scrollIntoViewIfNeeded();
  // The first letter, by the mouse: SEQ IRS without ACK.
  const label = await map.locator('[data-f] b').first().boundingBox();
  await page.mouse.click(label.x + label.width + 3, label.y + label.height / 2);
  assert.equal(await state.locator('figure').count(), 2);
  const texts = await state.locator('figure').allTextContents();
  assert.ok(texts[0].includes('no flags  SEQ IRS  no text'), texts[0]);
  assert.ok(texts[0].includes('odd<&>'), texts[0]);
  assert.ok(texts[0].includes('ACK seq SND.NXT ack RCV.NXT'), texts[0]);
  assert.ok(texts[0].includes('stays ESTABLISHED'), texts[0]);
  // On to the next one, by the keyboard.
  await map.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.ok((await state.locator('figure').first().textContent()).includes('SEQ RCV.NXT-1'));
  check();
}

async function letters_and_places_agree() {
  const { page, check } = await open({ viewport: { width: 1280, height: 900 } });
  const state = page.locator('#at-ESTABLISHED');
  const silent = state.locator('.one').first().locator('.map:visible i.q.x').first();
  await silent.scrollIntoViewIfNeeded();
  const box = await silent.boundingBox();
  await page.mouse.click(box.x + 3, box.y + box.height / 2);
  const [odd, plain] = await state.locator('figure').allTextContents();
  assert.ok(odd.includes('SEQ RCV.NXT+RCV.WND') && odd.includes('silence'), odd);
  assert.ok(plain.includes('SEQ RCV.NXT+RCV.WND') && !plain.includes('silence'), plain);
  check();
}

async function without_scripts() {
  const { page, check } = await open({ javaScriptEnabled: false });
  const state = page.locator('#at-CLOSE-WAIT');
  assert.equal(await state.locator('.map:visible').count(), 2);
  await state.locator('.one').first().locator('label').nth(1).click();
  assert.equal(await state.locator('[data-payload="1 octet"]:visible').count(), 1);
  assert.ok((await page.locator('#findings').textContent()).includes('silence'));
  check();
}

// A phone: nothing is wider than the screen but what scrolls by itself.
async function narrow() {
  const { page, check } = await open({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `the page is ${width} wide`);
  check();
}

await run([a_cell_opens_its_ladders, letters_and_places_agree, without_scripts, narrow]);
