# O que uma permissão permite, uma frase cada, depois de “Se você aprovar, ele poderá”.

permission-account-email-manage = ver e confirmar seu e-mail
permission-account-email-read = ver seu e-mail e se ele está confirmado
permission-account-repo-manage = substituir todos os seus registros importando um repositório
permission-account-repo-read = ver o estado do seu repositório, como qualquer pessoa
permission-account-status-manage = ver se sua conta está ativa; só você pode mudar isso
permission-account-status-read = ver se sua conta está ativa, como qualquer aplicativo

permission-atproto = saber qual é a sua conta

permission-blob-any = enviar arquivos de qualquer tipo
permission-blob-kind = enviar arquivos dos tipos { $kind }
permission-blob-type = enviar arquivos do tipo { $type }

permission-identity-any = controlar toda a sua identidade: seu nome de usuário, suas chaves e onde fica sua conta
permission-identity-handle = mudar seu nome de usuário

permission-include = tudo o que há no conjunto de permissões { $set }
permission-include-service = tudo o que há no conjunto de permissões { $set }, com o serviço { $service }

permission-repo-any-create = criar registros em todas as coleções
permission-repo-any-create-delete = criar e excluir registros em todas as coleções
permission-repo-any-create-update = criar e alterar registros em todas as coleções
permission-repo-any-create-update-delete = criar, alterar e excluir registros em todas as coleções
permission-repo-any-delete = excluir registros em todas as coleções
permission-repo-any-update = alterar registros em todas as coleções
permission-repo-any-update-delete = alterar e excluir registros em todas as coleções
permission-repo-create = criar registros { $collection }
permission-repo-create-delete = criar e excluir registros { $collection }
permission-repo-create-update = criar e alterar registros { $collection }
permission-repo-create-update-delete = criar, alterar e excluir registros { $collection }
permission-repo-delete = excluir registros { $collection }
permission-repo-update = alterar registros { $collection }
permission-repo-update-delete = alterar e excluir registros { $collection }

permission-rpc = chamar { $method } do serviço { $service } em seu nome
permission-rpc-any-method = chamar todos os métodos do serviço { $service } em seu nome
permission-rpc-any-service = chamar { $method } de qualquer serviço em seu nome

permission-transition-chat = ler e escrever suas mensagens de chat, junto com transition:generic
permission-transition-generic-rpc = chamar todos os métodos de todos os serviços em seu nome, menos o chat; entre eles, suas preferências

permission-chat = ler e escrever suas mensagens de chat
permission-chat-idle = nada: a permissão de chat só tem efeito junto com outra mais ampla, que não foi pedida

warning-any-method = isto abrange tudo o que esse serviço pode fazer por você, agora e depois.
warning-any-service = isto pode ser enviado a qualquer serviço, não a um em particular.
warning-chat = são conversas privadas.
warning-far-reaching = isto vai longe. Aprove somente se você confia no aplicativo.
warning-generic = isto abrange quase tudo o que sua conta pode fazer, como uma senha de aplicativo.
warning-identity = quem tem isto pode tomar a conta, para sempre.
warning-repo = isto abrange também os registros de todos os outros aplicativos: posts, curtidas, tudo.
warning-repo-add = isto abrange também as coleções de todos os outros aplicativos.
