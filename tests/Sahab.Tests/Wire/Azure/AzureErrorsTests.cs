using System.Text;
using Sahab.Wire.Azure;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire.Azure;

public class AzureErrorsTests
{
    const string Filtered = """
        {"error":{"message":"The response was filtered due to the prompt triggering our policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"violence":{"filtered":true,"severity":"high"}}}}}
        """;

    [Theory]
    [InlineData(400, Filtered, null, ErrorClass.ContentFiltered)]
    [InlineData(400, """{"error":{"message":"No.","code":"BadRequest","innererror":{"code":"ResponsibleAIPolicyViolation"}}}""", null, ErrorClass.ContentFiltered)]
    [InlineData(400, """{"error":{"message":"No.","code":"BadRequest","innererror":"none"}}""", null, null)]
    [InlineData(429, """{"error":{"code":"429","message":"Please retry after 86400 seconds."}}""", 86_400_000L, ErrorClass.TooLargeForDeployment)]
    [InlineData(429, """{"error":{"code":"429","message":"Please retry after 3 seconds."}}""", 3_000L, null)]
    [InlineData(429, "", null, null)]
    [InlineData(400, "{\"error\":", null, null)]
    [InlineData(400, "\"innererror\"", null, null)]
    [InlineData(401, """{"error":{"code":"401","message":"Access denied."}}""", null, null)]
    public void An_error_is_what_Azure_means_by_it(int status, string body, long? retryAfterMs, ErrorClass? expected) =>
        AzureErrors.Read(status, Encoding.UTF8.GetBytes(body), retryAfterMs).Class.ShouldBe(expected);

    [Fact]
    public void A_filtered_prompt_has_OpenAI_s_code_for_it_whatever_Azure_calls_it() => AzureErrors.Read(
        400, """{"error":{"message":"No.","code":"BadRequest","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"""u8, null)
        .Code.ShouldBe("content_filter");
}
