using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>A request as a form: its fields, and its files as they came.</summary>
internal sealed class FormRequest
{
    static readonly FormOptions Options = new()
    {
        // In memory: Kestrel bounds the body, and a test wants no temporary files.
        MemoryBufferThreshold = (int)EmulatorHost.MaxBodyBytes,
        MultipartBodyLengthLimit = EmulatorHost.MaxBodyBytes,
    };

    readonly IFormCollection _fields;
    readonly List<(string Name, byte[] Bytes)> _files = [];

    FormRequest(IFormCollection fields) => _fields = fields;

    public static async Task<FormRequest> ReadAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType)
        {
            throw new ApiException(ApiError.Invalid(
                $"Unsupported content type: '{http.Request.ContentType}'. Send multipart/form-data.", null));
        }
        try
        {
            var form = new FormRequest(await new FormFeature(http.Request, Options).ReadFormAsync(http.RequestAborted));
            foreach (var file in form._fields.Files)
            {
                using var bytes = new MemoryStream();
                await file.CopyToAsync(bytes, http.RequestAborted);
                form._files.Add((file.Name, bytes.ToArray()));
            }
            return form;
        }
        catch (Exception bad) when (bad is InvalidDataException or BadHttpRequestException)
        {
            throw new ApiException(ApiError.Invalid($"The form cannot be read: {bad.Message}", null));
        }
    }

    public string? Text(string name) => _fields[name] is [{ Length: > 0 } value, ..] ? value : null;

    public string RequiredText(string name) =>
        Text(name) ?? throw Invalid(name, $"You must provide a {name} parameter.");

    public int Integer(string name, int least, int most, int absent)
    {
        if (Text(name) is not { } text)
        {
            return absent;
        }
        return int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw Invalid(name, $"Invalid value for '{name}': expected {least} to {most}.");
    }

    /// <summary>The files of a field, or of a list of it (<c>image[]</c>).</summary>
    public List<byte[]> Files(string name) =>
        [.. _files.Where(file => file.Name == name || file.Name == $"{name}[]").Select(file => file.Bytes)];

    public byte[] RequiredFile(string name) => Files(name) is [{ Length: > 0 } file, ..]
        ? file
        : throw Invalid(name, $"You must provide a {name}, and it must not be empty.");

    public static ApiException Invalid(string name, string message) =>
        new(ApiError.Invalid(message, name, "invalid_value"));
}
