using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Reads a client's body, and tells what is wrong with it in one way for all of Google's methods.</summary>
static class GeminiBody
{
    /// <param name="body">The client's body.</param>
    /// <param name="open">Reads the members and begins the exchange.</param>
    /// <param name="exchange">The way back; null where the body is refused.</param>
    /// <param name="fault">What is wrong with it and where.</param>
    public static bool TryOpen(
        ReadOnlyMemory<byte> body, Func<GeminiFields, IClientExchange> open,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        exchange = null;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
            exchange = open(GeminiFields.Of(document.RootElement, ""));
            fault = default;
            return true;
        }
        catch (JsonException wrong)
        {
            fault = new RequestFault($"The body is not valid JSON: {wrong.Message}", null, "invalid_json");
        }
        catch (InvalidOperationException)
        {
            fault = new RequestFault("The body has text that is not valid Unicode.", null, "invalid_json");
        }
        catch (ChatRequestException wrong)
        {
            fault = wrong.Fault;
        }

        return false;
    }
}
