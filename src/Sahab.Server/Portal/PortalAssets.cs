using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Portal;

/// <summary>
/// The scripts and styles of the pages, from inside the assembly. An address carries the file's hash, so that a
/// browser may keep the file for ever and still gets a new one with a new version of the server.
/// </summary>
internal sealed class PortalAssets
{
    const string Prefix = "wwwroot/";

    readonly FrozenDictionary<string, Asset> _assets = Load();

    /// <summary>Where a page finds a file.</summary>
    public string AddressOf(string path) => $"/assets/{path}?v={_assets[path].Hash}";

    /// <summary>What a file of text says, for a page that brings it along.</summary>
    public string TextOf(string path) => Encoding.UTF8.GetString(_assets[path].Content);

    public Task SendAsync(HttpContext context, string path)
    {
        var response = context.Response;
        if (!_assets.TryGetValue(path, out var asset))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        response.ContentType = asset.ContentType;
        response.ContentLength = asset.Content.Length;
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.Body.WriteAsync(asset.Content, context.RequestAborted).AsTask();
    }

    static FrozenDictionary<string, Asset> Load()
    {
        var assembly = typeof(PortalAssets).Assembly;
        var assets = new Dictionary<string, Asset>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames())
        {
            var path = name.Replace('\\', '/');
            if (path.StartsWith(Prefix, StringComparison.Ordinal))
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var content = new byte[stream.Length];
                stream.ReadExactly(content);
                assets[path[Prefix.Length..]] = new Asset(
                    content, TypeOf(path), Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
            }
        }

        return assets.ToFrozenDictionary(StringComparer.Ordinal);
    }

    static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    sealed record Asset(byte[] Content, string ContentType, string Hash);
}
