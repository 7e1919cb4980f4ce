using System.Text.Json;
using Sahab.Server.Hosting.Configuration;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>What of a request asks the cloud to keep it, which is passed on to clouds that speak OpenAI's dialect.</summary>
internal static class KeepingWish
{
    public const string Store = "store";
    public const string CacheRetention = "prompt_cache_retention";
    public const string CacheOptions = "prompt_cache_options";

    /// <summary>Of Anthropic's dialect: it stands at parts of the prompt.</summary>
    public const string CacheControl = "cache_control";

    /// <summary>The member that asks for more than a rule allows; null: none does.</summary>
    /// <param name="body">A JSON object that was read before.</param>
    /// <param name="keepFor">How long content may be kept. What a cloud stores it keeps for longer than any rule says.</param>
    public static string? FindIn(ApiOperation operation, ReadOnlySpan<byte> body, TimeSpan keepFor)
    {
        if (operation is not (ApiOperation.ChatCompletions or ApiOperation.Completions))
        {
            return null;
        }

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
        bool stores = false, retains = false, caches = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // The last one counts, as everywhere.
            if (reader.ValueTextEquals(Store))
            {
                reader.Read();
                stores = reader.TokenType == JsonTokenType.True;
            }
            else if (reader.ValueTextEquals(CacheRetention))
            {
                reader.Read();
                retains = IsTooLong(ref reader, keepFor);
            }
            else if (reader.ValueTextEquals(CacheOptions))
            {
                reader.Read();
                caches = HasLongLife(ref reader, keepFor);
            }
            else
            {
                reader.Read();
            }

            reader.Skip();
        }

        return stores ? Store : retains ? CacheRetention : caches ? CacheOptions
            : HasLongLivedPart(body, keepFor) ? CacheControl : null;
    }

    static bool HasLongLivedPart(ReadOnlySpan<byte> body, TimeSpan keepFor)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(CacheControl))
            {
                reader.Read();
                if (HasLongLife(ref reader, keepFor))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Leaves the reader at the end of the object.</summary>
    static bool HasLongLife(ref Utf8JsonReader reader, TimeSpan keepFor)
    {
        var isTooLong = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isLife = reader.ValueTextEquals("ttl"u8);
            reader.Read();
            isTooLong = isLife ? IsTooLong(ref reader, keepFor) : isTooLong;
            reader.Skip();
        }

        return isTooLong;
    }

    /// <summary>What is in memory only is what clouds do without being asked. What is not understood may be any time.</summary>
    static bool IsTooLong(ref Utf8JsonReader reader, TimeSpan keepFor) =>
        reader.TokenType == JsonTokenType.String
        && (reader.ValueIsEscaped
            || (reader.GetString() is not ("in_memory" or "in-memory") and var text
                && !(Scalars.TryDuration(text!, out var time) && time <= keepFor)));
}
