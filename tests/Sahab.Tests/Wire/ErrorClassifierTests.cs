using System.Text;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class ErrorClassifierTests
{
    [Theory]
    [InlineData(400, """{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", ErrorClass.ContextLengthExceeded)]
    [InlineData(400, """{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000","type":"BadRequestError","param":null,"code":400}}""", ErrorClass.ContextLengthExceeded)]
    [InlineData(400, """{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size","type":"exceed_context_size_error"}}""", ErrorClass.ContextLengthExceeded)]
    [InlineData(200, """{"error":{"message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}}""", ErrorClass.ContextLengthExceeded)]
    [InlineData(400, """{"error":{"message":"The response was filtered due to the prompt triggering Azure's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400}}""", ErrorClass.ContentFiltered)]
    [InlineData(401, """{"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""", ErrorClass.Unauthorized)]
    [InlineData(401, "", ErrorClass.Unauthorized)]
    [InlineData(403, """{"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}}""", ErrorClass.Forbidden)]
    [InlineData(404, """{"error":{"message":"The model `x` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}""", ErrorClass.ModelNotFound)]
    [InlineData(404, """{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404}}""", ErrorClass.ModelNotFound)]
    [InlineData(404, """{"error":{"message":"model 'x' not found","type":"not_found_error","param":null,"code":null}}""", ErrorClass.ModelNotFound)]
    [InlineData(404, """{"error":"model 'x' not found, try pulling it first"}""", ErrorClass.ModelNotFound)]
    [InlineData(404, """{"detail":"Not Found"}""", ErrorClass.NotFound)]
    [InlineData(404, "404 page not found", ErrorClass.NotFound)]
    [InlineData(400, """{"error":{"message":"'logprobs' is not supported by this model","type":"invalid_request_error","code":null}}""", ErrorClass.InvalidRequest)]
    [InlineData(429, """{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}""", ErrorClass.RateLimited)]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""", ErrorClass.QuotaExhausted)]
    [InlineData(429, """[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}]""", ErrorClass.RateLimited)]
    [InlineData(429, "slow down", ErrorClass.RateLimited)]
    [InlineData(500, """{"error":{"message":"boom","type":"server_error","param":null,"code":null}}""", ErrorClass.ServerError)]
    [InlineData(500, "<html><title>500</title></html>", ErrorClass.ServerError)]
    [InlineData(501, """{"error":{"code":501,"message":"no embeddings here","type":"not_supported_error"}}""", ErrorClass.Unsupported)]
    [InlineData(503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", ErrorClass.Overloaded)]
    [InlineData(529, "", ErrorClass.Overloaded)]
    [InlineData(504, "", ErrorClass.Timeout)]
    [InlineData(413, "", ErrorClass.TooLarge)]
    [InlineData(422, """{"detail":[{"loc":["body","n"],"msg":"field required","type":"missing"}]}""", ErrorClass.InvalidRequest)]
    [InlineData(0, """{"error":{"message":"engine died","type":"InternalServerError","param":null,"code":500}}""", ErrorClass.ServerError)]
    [InlineData(0, """{"error":{"message":"engine died","code":503}}""", ErrorClass.Overloaded)]
    [InlineData(0, """{"error":"something"}""", ErrorClass.Unknown)]
    [InlineData(500, """{"error":{"message":"the model was not found in memory","type":null,"code":null}}""", ErrorClass.ServerError)]
    public void An_error_is_of_the_kind_that_its_words_and_status_tell(int status, string body, ErrorClass kind)
    {
        UpstreamError error = ErrorReader.Read(status, Encoding.UTF8.GetBytes(body));
        ErrorClassifier.Classify(status, error).ShouldBe(kind);
    }
}
