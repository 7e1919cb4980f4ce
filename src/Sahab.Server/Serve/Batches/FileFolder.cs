using System.Collections.Concurrent;
using System.Globalization;

namespace Sahab.Server.Serve.Batches;

/// <summary>
/// The contents of files, in a folder of the data folder: one for each, named by its id. A content is written under
/// another name first, and is in its place before there is a row for it; until then it is held.
/// </summary>
internal sealed class FileFolder(string path)
{
    const string Unfinished = ".part";

    readonly ConcurrentDictionary<Guid, bool> _held = new();

    /// <summary>Where a content lies.</summary>
    public string PathOf(Guid id) => Path.Combine(path, id.ToString("N", CultureInfo.InvariantCulture));

    public bool Has(Guid id) => File.Exists(PathOf(id));

    /// <summary>
    /// Opens a content that is not in its place yet, and holds it: it is no leftover before <see cref="Release"/>.
    /// </summary>
    public FileStream Begin(Guid id)
    {
        _held[id] = true;
        Directory.CreateDirectory(path);
        return new FileStream(PathOf(id) + Unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 64 * 1024);
    }

    /// <summary>Puts a content into its place, safe from the loss of power.</summary>
    public async Task FinishAsync(Guid id, FileStream content, CancellationToken cancellation)
    {
        await content.FlushAsync(cancellation);
        content.Flush(flushToDisk: true);
        await content.DisposeAsync();
        File.Move(PathOf(id) + Unfinished, PathOf(id), overwrite: true);
    }

    /// <summary>Says that there is a row for a content now, or that there will be none.</summary>
    public void Release(Guid id) => _held.TryRemove(id, out _);

    /// <summary>Whether it is not known yet if there will be a row for a content.</summary>
    public bool IsHeld(Guid id) => _held.ContainsKey(id);

    public FileStream Read(Guid id) => new(
        PathOf(id), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024,
        FileOptions.Asynchronous | FileOptions.SequentialScan);

    /// <summary>Removes a content, finished or not.</summary>
    public void Delete(Guid id)
    {
        if (!Directory.Exists(path))
        {
            // Nobody has uploaded anything to this node.
            return;
        }

        File.Delete(PathOf(id));
        File.Delete(PathOf(id) + Unfinished);
    }

    /// <summary>The ids of all contents, those that were never finished included.</summary>
    public IEnumerable<Guid> All()
    {
        if (!Directory.Exists(path))
        {
            yield break;
        }

        foreach (var file in Directory.EnumerateFiles(path))
        {
            if (Guid.TryParseExact(Path.GetFileName(file).Split('.')[0], "N", out var id))
            {
                yield return id;
            }
        }
    }
}
