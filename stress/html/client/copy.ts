// SPDX-License-Identifier: GPL-2.0-only
/** Buttons that copy the command beside them; a page from disk may have no clipboard, and then it is selected. */

async function copy(button: HTMLElement): Promise<void> {
  const code = button.parentElement?.querySelector('code');
  if (code === null || code === undefined) return;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    getSelection()?.selectAllChildren(code);
    button.textContent = 'Selected';
  }
  const status = document.getElementById('status');
  if (status !== null) status.textContent = `${button.textContent}.`;
  setTimeout(() => {
    button.textContent = before;
  }, 2000);
}

export function enableCopying(): void {
  for (const button of document.querySelectorAll<HTMLElement>('button.copy')) {
    button.addEventListener('click', () => void copy(button));
  }
}
