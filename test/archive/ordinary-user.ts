// Lets a test see the file system as somebody who is not root, for whom permissions hold.
const nobodyId = 65_534;

/** Runs `action` with the rights of an ordinary user: root's are laid aside and taken up again afterwards. */
export async function asOrdinaryUser(action: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) {
    await action();
    return;
  }
  process.setegid?.(nobodyId);
  process.seteuid?.(nobodyId);
  try {
    await action();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
