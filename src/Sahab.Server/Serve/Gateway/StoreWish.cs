using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Whether a request asks the cloud to keep it, which is passed on to clouds that speak OpenAI's dialect.</summary>
internal static class StoreWish
{
    /// <param name="body">A JSON object that was read before.</param>
    public static bool IsIn(ApiOperation operation, ReadOnlySpan<byte> body)
    {
        if (operation is not (ApiOperation.ChatCompletions or ApiOperation.Completions))
        {
            return false;
        }

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
        var isAsked = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isStore = reader.ValueTextEquals("store"u8);
            reader.Read();
            // The last one counts, as everywhere.
            isAsked = isStore ? reader.TokenType == JsonTokenType.True : isAsked;
            reader.Skip();
        }

        return isAsked;
    }
}
