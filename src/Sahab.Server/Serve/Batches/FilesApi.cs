using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Batches;

/// <summary>What the endpoints of files stand on.</summary>
internal sealed record FileRoom(
    SnapshotPublisher Snapshots, FileStore Files, BatchStore Batches, FileFolder Folder, DataRulesShelf Rules,
    ConfigurationState Configuration, IdSource Ids, TimeProvider Time);

/// <summary><c>/v1/files</c>: the inputs of batches and what came of them.</summary>
internal static class FilesApi
{
    const string Purpose = "batch";
    const int MostFiles = 10_000;
    const int MaxFieldBytes = 1024;
    const int MaxNameChars = 255;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/files", UploadAsync).ExcludeFromDescription();
        endpoints.MapGet("/v1/files", ListAsync).ExcludeFromDescription();
        endpoints.MapGet("/v1/files/{id}", GetAsync).ExcludeFromDescription();
        endpoints.MapGet("/v1/files/{id}/content", ContentAsync).ExcludeFromDescription();
        endpoints.MapDelete("/v1/files/{id}", DeleteAsync).ExcludeFromDescription();
    }

    static async Task UploadAsync(HttpContext context, FileRoom room)
    {
        if (ModelsApi.Authenticate(context, room.Snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return;
        }

        var rules = key.RulesIn(room.Rules);
        if (BatchErrors.NotAllowed(rules) is { } refused)
        {
            await ErrorResponse.WriteAsync(context, refused);
            return;
        }

        var limits = room.Configuration.Current.Batches;
        var id = room.Ids.Next();
        try
        {
            var upload = await ReadAsync(context, room, id, limits);
            if (upload.Error is null
                && await room.Files.BytesAsync(key.Tenant, context.RequestAborted) + upload.Bytes > limits.MaxTenantBytes)
            {
                upload = upload with { Error = BatchErrors.TenantFull(limits.MaxTenantBytes) };
            }

            if (upload.Error is not null)
            {
                room.Folder.Delete(id);
                await ErrorResponse.WriteAsync(context, upload.Error);
                return;
            }

            var now = room.Time.GetUtcNow();
            var lifetime = upload.Lifetime ?? limits.Retention;
            var file = new StoredFile(
                id, key.Tenant, Purpose, upload.Name!, upload.Bytes, now, now + (rules?.KeepFor(lifetime) ?? lifetime))
            {
                Project = key.Project,
                Key = key.Id,
            };
            await room.Files.AddAsync(file, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(BatchJson.Of(file), BatchJson.Options, context.RequestAborted);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or BadHttpRequestException)
        {
            room.Folder.Delete(id);
            await ErrorResponse.WriteAsync(context, GatewayError.BodyIncomplete());
        }
        finally
        {
            room.Folder.Release(id);
        }
    }

    /// <summary>Reads a form part by part; the file goes to its place on the disk as it comes.</summary>
    static async Task<Upload> ReadAsync(HttpContext context, FileRoom room, Guid id, BatchesConfig limits)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary)
        {
            return new Upload { Error = BatchErrors.Invalid("file", "Send a form (multipart/form-data) with 'purpose' and 'file'.") };
        }

        var reader = new MultipartReader(boundary, context.Request.Body);
        var upload = new Upload();
        string? purpose = null, anchor = null, seconds = null;
        while (await reader.ReadNextSectionAsync(context.RequestAborted) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
            {
                continue;
            }

            switch (HeaderUtilities.RemoveQuotes(disposition.Name).Value)
            {
                case "file" when upload.Name is null:
                    var name = disposition.FileNameStar.Value ?? HeaderUtilities.RemoveQuotes(disposition.FileName).Value;
                    upload = await TakeFileAsync(section.Body, name, room, id, limits, context.RequestAborted);
                    if (upload.Error is not null)
                    {
                        return upload;
                    }

                    break;
                case "purpose":
                    purpose = await TextAsync(section.Body, context.RequestAborted);
                    break;
                case "expires_after[anchor]":
                    anchor = await TextAsync(section.Body, context.RequestAborted);
                    break;
                case "expires_after[seconds]":
                    seconds = await TextAsync(section.Body, context.RequestAborted);
                    break;
            }
        }

        return Judge(upload, purpose, anchor, seconds);
    }

    static Upload Judge(Upload upload, string? purpose, string? anchor, string? seconds)
    {
        if (upload.Name is null)
        {
            return upload with { Error = BatchErrors.Invalid("file", "'file' is missing.", "missing_required_parameter") };
        }

        if (purpose != Purpose)
        {
            return upload with { Error = BatchErrors.Invalid("purpose", "'purpose' must be 'batch': files are kept for batches only.") };
        }

        if (seconds is null && anchor is null)
        {
            return upload;
        }

        return anchor == "created_at" && int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var s)
            && s is >= 3600 and <= 2_592_000
            ? upload with { Lifetime = TimeSpan.FromSeconds(s) }
            : upload with
            {
                Error = BatchErrors.Invalid(
                    "expires_after", "'expires_after' needs the anchor 'created_at' and 3600 to 2592000 seconds."),
            };
    }

    static async Task<Upload> TakeFileAsync(
        Stream body, string? name, FileRoom room, Guid id, BatchesConfig limits, CancellationToken cancellation)
    {
        await using var content = room.Folder.Begin(id);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            if (content.Length + read > limits.MaxFileBytes)
            {
                return new Upload { Error = BatchErrors.TooLarge(limits.MaxFileBytes) };
            }

            await content.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }

        var bytes = content.Length;
        await room.Folder.FinishAsync(id, content, cancellation);
        name = string.IsNullOrWhiteSpace(name) ? "file" : Path.GetFileName(name);
        return new Upload { Name = name.Length <= MaxNameChars ? name : name[..MaxNameChars], Bytes = bytes };
    }

    static async Task<string> TextAsync(Stream body, CancellationToken cancellation)
    {
        var bytes = new byte[MaxFieldBytes];
        var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return System.Text.Encoding.UTF8.GetString(bytes, 0, length);
    }

    static async Task ListAsync(HttpContext context, FileRoom room)
    {
        if (ModelsApi.Authenticate(context, room.Snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return;
        }

        var query = context.Request.Query;
        string? after = query["after"];
        Guid? mark = BatchIds.TryReadFile(after, out var id) ? id : null;
        if (BatchJson.Limit(context, MostFiles, MostFiles) is not { } limit || (after is not null && mark is null))
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.Invalid(
                "limit", $"'limit' must be from 1 to {MostFiles}, and 'after' a file's id."));
            return;
        }

        var found = await room.Files.ListAsync(
            key.Tenant, key.Project, query["purpose"], mark, query["order"] != "asc", limit + 1, room.Time.GetUtcNow(),
            context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            BatchJson.Page(found.Select(BatchJson.Of).ToList(), limit, file => file.Id), BatchJson.Options,
            context.RequestAborted);
    }

    static async Task GetAsync(HttpContext context, string id, FileRoom room)
    {
        if (await FindAsync(context, id, room) is { } file)
        {
            await context.Response.WriteAsJsonAsync(BatchJson.Of(file), BatchJson.Options, context.RequestAborted);
        }
    }

    static async Task ContentAsync(HttpContext context, string id, FileRoom room)
    {
        if (await FindAsync(context, id, room) is not { } file)
        {
            return;
        }

        if (!room.Folder.Has(file.Id))
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.NotHere(id));
            return;
        }

        await using var content = room.Folder.Read(file.Id);
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = content.Length;
        await content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    static async Task DeleteAsync(HttpContext context, string id, FileRoom room)
    {
        if (await FindAsync(context, id, room) is not { } file)
        {
            return;
        }

        if (await room.Batches.IsInUseAsync(file.Id, context.RequestAborted))
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.Invalid(
                "id", "A batch that has not ended reads this file. Cancel it first.", "file_in_use"));
            return;
        }

        await room.Files.DeleteAsync(file.Id, context.RequestAborted);
        room.Folder.Delete(file.Id);
        await context.Response.WriteAsJsonAsync(
            new DeletedObject(id, "file", Deleted: true), BatchJson.Options, context.RequestAborted);
    }

    /// <summary>The file of that id of the caller's project; where there is none, the caller has been told.</summary>
    static async Task<StoredFile?> FindAsync(HttpContext context, string id, FileRoom room)
    {
        if (ModelsApi.Authenticate(context, room.Snapshots.Current, out var error) is not { } key)
        {
            await ErrorResponse.WriteAsync(context, error!);
            return null;
        }

        var found = BatchIds.TryReadFile(id, out var file)
            ? await room.Files.FindAsync(key.Tenant, key.Project, file, room.Time.GetUtcNow(), context.RequestAborted)
            : null;
        if (found is null)
        {
            await ErrorResponse.WriteAsync(context, BatchErrors.NoSuchFile(id));
        }

        return found;
    }

    /// <summary>What came with a form, or what is wrong with it.</summary>
    sealed record Upload
    {
        public string? Name { get; init; }

        public long Bytes { get; init; }

        public TimeSpan? Lifetime { get; init; }

        public GatewayError? Error { get; init; }
    }
}
