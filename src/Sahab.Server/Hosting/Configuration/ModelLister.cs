using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>A model as <c>/v1/models</c> lists it.</summary>
/// <param name="ContextTokens">0 where the server does not say.</param>
internal sealed record FoundModel(string Id, string OwnedBy, int ContextTokens);

/// <summary>The models of a server, or why there are none.</summary>
internal sealed record ModelListing(ImmutableArray<FoundModel>? Models, string Reason);

/// <summary>Asks OpenAI-compatible servers for their models.</summary>
internal sealed class ModelLister(HttpMessageInvoker http, TimeProvider time)
{
    public const int MaxBytes = 4 << 20;

    /// <summary>More than any server lists.</summary>
    public const int MaxModels = 1000;

    public static readonly TimeSpan LocalTimeout = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan RemoteTimeout = TimeSpan.FromSeconds(10);

    public async Task<ModelListing> ListAsync(
        Uri url, string? secret, TimeSpan timeout, CancellationToken cancellation)
    {
        var answer = await GetAsync(new Uri($"{url.AbsoluteUri.TrimEnd('/')}/models"), secret, timeout, cancellation);
        if (answer.Body is null)
        {
            return new ModelListing(null, answer.Reason);
        }

        using (answer.Body)
        {
            return Read(answer.Body.RootElement);
        }
    }

    /// <summary>
    /// Whether llama.cpp answers: by its <c>Server</c> header, or by properties that only it has. Anything else on its
    /// port, another Sahab above all, is left alone.
    /// </summary>
    public async Task<bool> IsLlamaCppAsync(Uri url, CancellationToken cancellation)
    {
        var answer = await GetAsync(new Uri(url, "/props"), null, LocalTimeout, cancellation);
        using var body = answer.Body;
        return answer.Server.Contains("llama.cpp", StringComparison.OrdinalIgnoreCase)
            || (body?.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("default_generation_settings", out _));
    }

    static ModelListing Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data)
            || data.ValueKind != JsonValueKind.Array)
        {
            return new ModelListing(null, "answers, but not with a list of models");
        }

        var models = ImmutableArray.CreateBuilder<FoundModel>();
        foreach (var entry in data.EnumerateArray().Take(MaxModels))
        {
            if (Text(entry, "id") is { } id && TextForms.Fits(TextForm.ModelId, id)
                && !models.Any(model => model.Id == id))
            {
                models.Add(new FoundModel(id, Text(entry, "owned_by") ?? "unknown", ContextOf(entry)));
            }
        }

        return models.Count == 0
            ? new ModelListing(null, "answers, but has no models")
            : new ModelListing(models.ToImmutable(), "");
    }

    static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>vLLM says <c>max_model_len</c>. What llama.cpp says is the model's, not what the server was given.</summary>
    static int ContextOf(JsonElement entry) =>
        entry.TryGetProperty("max_model_len", out var length) && length.ValueKind == JsonValueKind.Number
        && length.TryGetInt32(out var tokens) && tokens > 0
            ? tokens
            : 0;

    async Task<(JsonDocument? Body, string Server, string Reason)> GetAsync(
        Uri url, string? secret, TimeSpan timeout, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (secret is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        }

        try
        {
            using var response = await http.SendAsync(request, either.Token);
            var server = response.Headers.Server.ToString();
            if (!response.IsSuccessStatusCode)
            {
                return (null, server, string.Create(CultureInfo.InvariantCulture, $"answers {(int)response.StatusCode}"));
            }

            await response.Content.LoadIntoBufferAsync(MaxBytes, either.Token);
            var bytes = await response.Content.ReadAsByteArrayAsync(either.Token);
            return (JsonDocument.Parse(bytes), server, "");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, "", $"does not answer within {Scalars.Format(timeout)}");
        }
        catch (JsonException)
        {
            return (null, "", "answers, but not in JSON");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, "", "is not reachable");
        }
    }
}
