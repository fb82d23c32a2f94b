package weather;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Spring AI with its own observations, which Spring Boot sends as OpenTelemetry's spans. */
@SpringBootApplication
public class Weather {
    static final String SESSION = "session-7f3a";
    static final String QUESTION = "How is the weather in Atlantis, and in Lisbon?";

    public static void main(String[] words) {
        SpringApplication.run(Weather.class, words).close();
    }

    /** Adds a line to the file that TRUTH names: what the program's own functions did, apart from its telemetry. */
    static void tell(String line) {
        try {
            Files.writeString(Path.of(System.getenv("TRUTH")), line + "\n",
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    static class Tools {
        @Tool(name = "get_weather", description = "The weather of a city.")
        public String getWeather(String city) {
            String start = "{\"tool\": \"get_weather\", \"arguments\": {\"city\": \"" + city + "\"}, ";
            if (city.equals("Atlantis")) {
                tell(start + "\"error\": \"no city is called " + city + "\"}");
                throw new IllegalArgumentException("no city is called " + city);
            }
            String result = "sunny and 24 degrees in " + city;
            tell(start + "\"result\": \"" + result + "\"}");
            return result;
        }
    }

    @Bean
    CommandLineRunner ask(ChatClient.Builder builder) {
        ChatMemory memory = MessageWindowChatMemory.builder().build();
        ChatClient client = builder
                .defaultSystem("You know the weather. Be brief.")
                .defaultAdvisors(MessageChatMemoryAdvisor.builder(memory).build())
                .defaultTools(new Tools())
                .build();
        return words -> {
            tell("{\"session\": \"" + SESSION + "\"}");
            String answer = client.prompt().user(QUESTION)
                    .advisors(advisors -> advisors.param(ChatMemory.CONVERSATION_ID, SESSION))
                    .call().content();
            tell("{\"answer\": \"" + answer + "\"}");
            try {
                client.prompt().user(QUESTION)
                        .advisors(advisors -> advisors.param(ChatMemory.CONVERSATION_ID, "session-late"))
                        .options(OpenAiChatOptions.builder().model("overloaded"))
                        .call().content();
            } catch (RuntimeException error) {
                System.out.println("refused: " + error);
            }
        };
    }
}
