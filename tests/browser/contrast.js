// Returns every text whose contrast against what is painted behind it is below 4.5 (WCAG 2.2, 1.4.3).
const channel = (value) => {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};
const parse = (text) => {
  const parts = text.match(/[\d.]+/g).map(Number);
  return [...parts.slice(0, 3), parts[3] ?? 1];
};
const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
const over = (top, below) => top.slice(0, 3).map((part, at) => part * top[3] + below[at] * (1 - top[3]));
const behind = (element) => {
  if (!element) return [255, 255, 255];
  const own = parse(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : over(own, behind(element.parentElement));
};
const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.data.trim();
  const element = walker.currentNode.parentElement;
  if (!text || !element.getClientRects().length || element.closest("script, style, select")) continue;
  const style = getComputedStyle(element);
  const ground = behind(element);
  const ink = over(parse(element.closest("svg") ? style.fill : style.color), ground);
  const [low, high] = [light(ink), light(ground)].sort((one, two) => one - two);
  const ratio = (high + 0.05) / (low + 0.05);
  if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.tagName} ${element.className}: ${text.slice(0, 40)}`);
}
return poor;
