/** Gives somebody a file that the page made. */
export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun with its own hold on the bytes once the click is over.
  setTimeout(() => {
    URL.revokeObjectURL(address);
  });
}
